-- Who asks payments from another process, where questions may overtake each other: one row is what both of two wait for,
-- and what says for good that a payer was called off.
CREATE TABLE payments.payer (
    id          uuid    PRIMARY KEY,
    called_off  boolean NOT NULL
);

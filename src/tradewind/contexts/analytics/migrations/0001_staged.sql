-- Rows of the star schema on their way to the columns, packed as one batch each; gone once they are there.
CREATE TABLE analytics.staged (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    told_at  timestamptz NOT NULL,
    batch    bytea       NOT NULL
);

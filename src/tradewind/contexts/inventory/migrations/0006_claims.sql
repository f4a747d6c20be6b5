-- Reservations that are no order's: somebody else tries, and then confirms or cancels. One that was canceled before it
-- was tried is written down too, so that a try that comes late holds nothing for ever.
CREATE TABLE inventory.claim (
    id        uuid PRIMARY KEY,
    owner     text        NOT NULL,
    canceled  boolean     NOT NULL DEFAULT false,
    made_at   timestamptz NOT NULL DEFAULT now()
);

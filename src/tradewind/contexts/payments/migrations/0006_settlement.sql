-- What a settlement report and our books did not agree about, each difference once, so that it is told once.
CREATE TABLE payments.settlement_difference (
    reference  text        NOT NULL,
    operation  text        NOT NULL CHECK (operation IN ('capture', 'refund')),
    kind       text        NOT NULL,
    theirs     numeric     NOT NULL,
    ours       numeric     NOT NULL,
    currency   text        NOT NULL,
    provider   text        NOT NULL,
    found_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (reference, operation, kind, theirs, ours)
);

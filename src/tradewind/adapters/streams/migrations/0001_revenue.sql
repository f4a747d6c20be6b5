-- Revenue as it comes in. `events`: how many are in the sums, so that an older sum never replaces a newer one.
CREATE TABLE streams.revenue (
    size            text        NOT NULL CHECK (size IN ('minute', 'day')),
    since           timestamptz NOT NULL,
    currency        text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    captured_minor  bigint      NOT NULL CHECK (captured_minor >= 0),
    refunded_minor  bigint      NOT NULL CHECK (refunded_minor >= 0),
    events          bigint      NOT NULL CHECK (events > 0),
    PRIMARY KEY (size, since, currency)
);

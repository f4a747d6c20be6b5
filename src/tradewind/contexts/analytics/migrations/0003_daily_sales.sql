-- What the shop sold on each day (UTC) that is over, by the currency and the day on which orders were placed. Figures
-- alone: nothing in here is about a person. `computed_at`: from when on the columns were asked.
CREATE TABLE analytics.daily_sales (
    day          date        NOT NULL,
    currency     text        NOT NULL,
    orders       bigint      NOT NULL CHECK (orders > 0),
    paid         bigint      NOT NULL CHECK (paid >= 0),
    called_off   bigint      NOT NULL CHECK (called_off BETWEEN 0 AND orders),
    customers    bigint      NOT NULL CHECK (customers >= 0),
    pieces       bigint      NOT NULL,
    total_minor  bigint      NOT NULL,
    computed_at  timestamptz NOT NULL,
    PRIMARY KEY (day, currency)
);

-- The days that were summed up, also those on which nothing was ordered. `look_until`: orders of that day came to the
-- columns late, so it is looked at for longer.
CREATE TABLE analytics.sales_day (
    day          date        PRIMARY KEY,
    computed_at  timestamptz,
    look_until   timestamptz
);

-- When the columns were last counted anew from the log. While `ended_at` is missing they lack what they had.
CREATE TABLE analytics.rebuild (
    single    boolean     PRIMARY KEY DEFAULT true CHECK (single),
    began_at  timestamptz NOT NULL,
    ended_at  timestamptz
);

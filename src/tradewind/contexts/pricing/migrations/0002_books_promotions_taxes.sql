-- What products are, as far as prices, promotions and taxes ask: told by the catalog, written by one subscriber.
CREATE TABLE pricing.product_facts (
    product_id    uuid PRIMARY KEY,
    sku           text NOT NULL,
    category      text NOT NULL,
    category_path text NOT NULL
);
CREATE INDEX facts_by_sku ON pricing.product_facts (sku) INCLUDE (category, category_path);

-- Price books. A book is for one currency and one customer group (null: everybody); what it says is in its versions, of
-- which one is ACTIVE at most. A version that was published is never changed.
CREATE TABLE pricing.price_book (
    id             uuid PRIMARY KEY,
    name           text        NOT NULL,
    currency       text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    customer_group text,
    version        integer     NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    created_by     text        NOT NULL
);
CREATE TABLE pricing.price_book_version (
    book_id      uuid        NOT NULL REFERENCES pricing.price_book,
    number       integer     NOT NULL CHECK (number > 0),
    state        text        NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE', 'RETIRED')),
    valid_from   timestamptz,
    valid_to     timestamptz CHECK (valid_to > valid_from),
    created_at   timestamptz NOT NULL,
    created_by   text        NOT NULL,
    published_at timestamptz,
    published_by text,
    retired_at   timestamptz,
    PRIMARY KEY (book_id, number)
);
CREATE UNIQUE INDEX one_draft_of_a_book ON pricing.price_book_version (book_id) WHERE state = 'DRAFT';
CREATE UNIQUE INDEX one_active_version_of_a_book ON pricing.price_book_version (book_id) WHERE state = 'ACTIVE';
CREATE INDEX windows_that_begin ON pricing.price_book_version (valid_from) WHERE state = 'ACTIVE';
CREATE INDEX windows_that_end ON pricing.price_book_version (valid_to) WHERE state = 'ACTIVE';
CREATE TABLE pricing.price_book_entry (
    book_id      uuid    NOT NULL,
    number       integer NOT NULL,
    sku          text    NOT NULL,
    min_quantity integer NOT NULL DEFAULT 1 CHECK (min_quantity > 0),
    amount_minor bigint  NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (book_id, number, sku, min_quantity),
    FOREIGN KEY (book_id, number) REFERENCES pricing.price_book_version
);
CREATE INDEX entries_by_sku ON pricing.price_book_entry (sku);

-- One price that an administrator put above all others but a flash sale's; a row that has ended stays as history.
CREATE TABLE pricing.price_override (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id   uuid        NOT NULL,
    sku          text        NOT NULL,
    amount_minor bigint      NOT NULL CHECK (amount_minor > 0),
    currency     text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    reason       text        NOT NULL,
    set_at       timestamptz NOT NULL,
    set_by       text        NOT NULL,
    until        timestamptz CHECK (until > set_at),
    ended_at     timestamptz,
    ended_by     text
);
CREATE UNIQUE INDEX one_override_at_a_time ON pricing.price_override (sku, currency)
    INCLUDE (amount_minor, until) WHERE ended_at IS NULL;
CREATE INDEX overrides_of_product ON pricing.price_override (product_id, id);
CREATE INDEX overrides_that_end ON pricing.price_override (until) WHERE ended_at IS NULL AND until IS NOT NULL;

-- What was told last of each product's general price (ProductPriceChanged), so that every change is told exactly once.
CREATE TABLE pricing.told_price (
    sku          text PRIMARY KEY,
    product_id   uuid        NOT NULL,
    amount_minor bigint      NOT NULL,
    currency     text        NOT NULL,
    told_at      timestamptz NOT NULL
);
INSERT INTO pricing.told_price
    SELECT sku, product_id, amount_minor, currency, valid_from FROM pricing.product_price_history
    WHERE valid_to IS NULL;
-- Products whose general price may have changed, to be looked at by the timer. A queue: the same SKU may wait twice, so
-- that a wish is never taken for one that is being served by a look at older prices.
CREATE TABLE pricing.price_due (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku text NOT NULL);
-- Until when the beginnings and ends of time windows have been noticed.
CREATE TABLE pricing.windows_seen (one boolean PRIMARY KEY DEFAULT true CHECK (one), until timestamptz NOT NULL);
INSERT INTO pricing.windows_seen (until) VALUES ('2000-01-01 00:00+00');

-- Promotions: `terms` is the whole rule as the domain reads it (_domain/quote/promotions.py); the columns beside it are
-- what statements choose by. Limits are of uses through coupons.
CREATE TABLE pricing.promotion (
    id               uuid PRIMARY KEY,
    name             text        NOT NULL,
    state            text        NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE', 'PAUSED', 'ENDED')),
    needs_coupon     boolean     NOT NULL,
    currency         text,
    valid_from       timestamptz,
    valid_to         timestamptz CHECK (valid_to > valid_from),
    max_uses         integer CHECK (max_uses > 0),
    max_per_customer integer CHECK (max_per_customer > 0),
    terms            jsonb       NOT NULL,
    uses             integer     NOT NULL DEFAULT 0 CHECK (uses >= 0),
    version          integer     NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    created_by       text        NOT NULL
);
CREATE INDEX promotions_for_everybody ON pricing.promotion (id) WHERE state = 'ACTIVE' AND NOT needs_coupon;

-- Codes that were made together and share one limit.
CREATE TABLE pricing.coupon_batch (
    id           uuid PRIMARY KEY,
    promotion_id uuid        NOT NULL REFERENCES pricing.promotion,
    size         integer     NOT NULL CHECK (size > 0),
    max_uses     integer CHECK (max_uses > 0),
    uses         integer     NOT NULL DEFAULT 0 CHECK (uses >= 0),
    created_at   timestamptz NOT NULL
);
CREATE TABLE pricing.coupon (
    code             text PRIMARY KEY CHECK (code = upper(code)),
    promotion_id     uuid        NOT NULL REFERENCES pricing.promotion,
    batch_id         uuid REFERENCES pricing.coupon_batch,
    max_uses         integer CHECK (max_uses > 0),
    max_per_customer integer CHECK (max_per_customer > 0),
    uses             integer     NOT NULL DEFAULT 0 CHECK (uses >= 0),
    created_at       timestamptz NOT NULL
);
CREATE INDEX coupons_of_promotion ON pricing.coupon (promotion_id, code);
-- Who used which code with which order. One that was given back (the order is off) stays, and counts no more.
CREATE TABLE pricing.redemption (
    order_id     uuid        NOT NULL,
    code         text        NOT NULL REFERENCES pricing.coupon,
    promotion_id uuid        NOT NULL REFERENCES pricing.promotion,
    customer_id  text        NOT NULL,
    redeemed_at  timestamptz NOT NULL DEFAULT now(),
    returned_at  timestamptz,
    PRIMARY KEY (order_id, code)
);
CREATE INDEX redemptions_of_customer ON pricing.redemption (customer_id, promotion_id) INCLUDE (code)
    WHERE returned_at IS NULL;

-- Taxes. A region '' is the whole country. Rates are in millionths: 200000 is 20 %.
CREATE TABLE pricing.tax_region (
    country         text    NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    region          text    NOT NULL DEFAULT '',
    prices_include  boolean NOT NULL,
    rounding_scope  text    NOT NULL CHECK (rounding_scope IN ('line', 'total')),
    rounding_mode   text    NOT NULL CHECK (rounding_mode IN ('half-up', 'half-even')),
    shipping_class  text,
    rates           jsonb   NOT NULL,
    version         integer NOT NULL DEFAULT 1,
    PRIMARY KEY (country, region)
);
-- Which tax class a category's products are of (by its name, or by its path and all below), unless a product has its own; 'standard' where nothing is said.
CREATE TABLE pricing.tax_class_of_category (category text PRIMARY KEY, tax_class text NOT NULL);
CREATE TABLE pricing.tax_class_of_product (product_id uuid PRIMARY KEY, sku text NOT NULL, tax_class text NOT NULL);
CREATE INDEX tax_class_by_sku ON pricing.tax_class_of_product (sku) INCLUDE (tax_class);
INSERT INTO pricing.tax_class_of_category VALUES ('books', 'books'), ('food', 'food');

-- A beginning, to be checked by the shop's own accountant: the usual rates of consumer goods in November 2026.
INSERT INTO pricing.tax_region (country, region, prices_include, rounding_scope, rounding_mode, shipping_class, rates)
VALUES
    ('GB', '', true, 'line', 'half-up', 'standard',
        '{"standard": 200000, "reduced": 50000, "books": 0, "food": 0}'),
    ('DE', '', true, 'total', 'half-up', 'standard',
        '{"standard": 190000, "reduced": 70000, "books": 70000, "food": 70000}'),
    ('FR', '', true, 'total', 'half-up', 'standard',
        '{"standard": 200000, "reduced": 100000, "books": 55000, "food": 55000}'),
    ('IE', '', true, 'line', 'half-up', 'standard',
        '{"standard": 230000, "reduced": 135000, "books": 0, "food": 0}'),
    ('NL', '', true, 'total', 'half-up', 'standard',
        '{"standard": 210000, "reduced": 90000, "books": 90000, "food": 90000}'),
    ('ES', '', true, 'total', 'half-up', 'standard',
        '{"standard": 210000, "reduced": 100000, "books": 40000, "food": 40000}'),
    ('IT', '', true, 'total', 'half-up', 'standard',
        '{"standard": 220000, "reduced": 100000, "books": 40000, "food": 40000}'),
    ('AT', '', true, 'total', 'half-up', 'standard',
        '{"standard": 200000, "reduced": 100000, "books": 100000, "food": 100000}'),
    ('CH', '', true, 'total', 'half-up', 'standard',
        '{"standard": 81000, "reduced": 26000, "books": 26000, "food": 26000}'),
    ('SE', '', true, 'total', 'half-even', 'standard',
        '{"standard": 250000, "reduced": 120000, "books": 60000, "food": 120000}'),
    ('JP', '', true, 'total', 'half-up', 'standard', '{"standard": 100000, "food": 80000}'),
    ('KW', '', true, 'line', 'half-up', null, '{"standard": 0}'),
    ('AU', '', true, 'total', 'half-up', 'standard', '{"standard": 100000, "food": 0}'),
    ('CA', '', false, 'total', 'half-up', 'standard', '{"standard": 50000, "food": 0}'),
    ('US', '', false, 'line', 'half-up', null, '{"standard": 0}'),
    ('US', 'CA', false, 'line', 'half-up', null, '{"standard": 72500, "food": 0}'),
    ('US', 'NY', false, 'line', 'half-up', 'standard', '{"standard": 40000, "food": 0}'),
    ('US', 'TX', false, 'line', 'half-up', 'standard', '{"standard": 62500, "food": 0}'),
    ('US', 'WA', false, 'line', 'half-up', 'standard', '{"standard": 65000, "food": 0}'),
    ('US', 'FL', false, 'line', 'half-up', null, '{"standard": 60000, "food": 0}');

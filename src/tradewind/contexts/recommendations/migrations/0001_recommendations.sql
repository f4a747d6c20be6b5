-- Learned from events alone; may be dropped and learned again.
CREATE TABLE recommendations.product (
    product_id    uuid PRIMARY KEY,
    sku           text        NOT NULL,
    name          text        NOT NULL,
    category      text        NOT NULL,
    image         text,
    on_sale       boolean     NOT NULL,
    amount        numeric,
    currency      text,
    bought        int         NOT NULL DEFAULT 0 CHECK (bought >= 0),
    learned_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX product_popular ON recommendations.product (bought DESC, product_id) WHERE on_sale;
CREATE INDEX product_popular_of_category ON recommendations.product (category, bought DESC, product_id) WHERE on_sale;
CREATE INDEX product_new ON recommendations.product (learned_at DESC, product_id) WHERE on_sale;

-- What a product is about, and of how many products each word is; '' is of every product.
CREATE TABLE recommendations.term (
    term        text NOT NULL,
    product_id  uuid NOT NULL,
    weight      real NOT NULL CHECK (weight > 0),
    PRIMARY KEY (term, product_id)
);
CREATE INDEX term_product ON recommendations.term (product_id);
CREATE TABLE recommendations.frequency (
    term      text PRIMARY KEY,
    products  int NOT NULL CHECK (products >= 0)
);

CREATE TABLE recommendations.basket (
    order_id    uuid    NOT NULL,
    product_id  uuid    NOT NULL,
    user_id     text    NOT NULL,
    counted     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (order_id, product_id)
);
CREATE INDEX basket_buyer ON recommendations.basket (user_id, order_id DESC) WHERE counted;
CREATE TABLE recommendations.pair (
    product_id  uuid NOT NULL,
    other_id    uuid NOT NULL,
    together    int  NOT NULL CHECK (together >= 0),
    PRIMARY KEY (product_id, other_id)
);

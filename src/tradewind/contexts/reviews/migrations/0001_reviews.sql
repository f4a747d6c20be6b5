-- What buyers say. One review a buyer and product; what a person wrote goes when the person goes.
CREATE TABLE reviews.review (
    id            uuid PRIMARY KEY,
    product_id    uuid        NOT NULL,
    user_id       text        NOT NULL,
    stars         int         NOT NULL CHECK (stars BETWEEN 1 AND 5),
    title         text        NOT NULL DEFAULT '' CHECK (length(title) <= 150),
    body          text        NOT NULL DEFAULT '' CHECK (length(body) <= 5000),
    display_name  text        NOT NULL DEFAULT '' CHECK (length(display_name) <= 60),
    verified      boolean     NOT NULL,
    status        text        NOT NULL CHECK (status IN ('PENDING', 'PUBLISHED', 'REJECTED')),
    why           text,
    version       int         NOT NULL CHECK (version > 0),
    helpful       int         NOT NULL DEFAULT 0 CHECK (helpful >= 0),
    unhelpful     int         NOT NULL DEFAULT 0 CHECK (unhelpful >= 0),
    reply         text        CHECK (length(reply) <= 5000),
    replied_at    timestamptz,
    written_at    timestamptz NOT NULL DEFAULT now(),
    edited_at     timestamptz,
    CONSTRAINT one_review_a_buyer_and_product UNIQUE (product_id, user_id)
);
CREATE INDEX review_newest ON reviews.review (product_id, written_at DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX review_most_helpful ON reviews.review (product_id, helpful DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX review_queue ON reviews.review (written_at, id) WHERE status = 'PENDING';
CREATE INDEX review_author ON reviews.review (user_id);

CREATE TABLE reviews.helpful_vote (
    review_id  uuid    NOT NULL REFERENCES reviews.review ON DELETE CASCADE,
    user_id    text    NOT NULL,
    helpful    boolean NOT NULL,
    PRIMARY KEY (review_id, user_id)
);
CREATE INDEX helpful_vote_voter ON reviews.helpful_vote (user_id);

-- Written by the subscriber purchases alone: who bought what, once it was paid.
CREATE TABLE reviews.purchase (
    order_id    uuid    NOT NULL,
    product_id  uuid    NOT NULL,
    user_id     text    NOT NULL,
    paid        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (order_id, product_id)
);
CREATE INDEX purchase_buyer ON reviews.purchase (user_id, product_id) WHERE paid;

-- Written by the subscriber rating alone: what there is to review, each review that was told of, and the sum of those shown.
CREATE TABLE reviews.product (
    product_id  uuid PRIMARY KEY,
    on_sale     boolean NOT NULL DEFAULT true
);
CREATE TABLE reviews.counted (
    review_id   uuid PRIMARY KEY,
    product_id  uuid    NOT NULL,
    stars       int     NOT NULL CHECK (stars BETWEEN 1 AND 5),
    shown       boolean NOT NULL DEFAULT false
);
CREATE INDEX counted_product ON reviews.counted (product_id) WHERE shown;
CREATE TABLE reviews.rating (
    product_id  uuid PRIMARY KEY,
    count       int NOT NULL CHECK (count >= 0),
    total       int NOT NULL CHECK (total BETWEEN count AND 5 * count)
);

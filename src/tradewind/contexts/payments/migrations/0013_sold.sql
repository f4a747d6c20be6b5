-- What orders were told to be of, for refunds of goods where orders has another database. `lines`: goods alone, of each
-- SKU, pieces and the price of one in minor units; `items_minor` is all lines, with fees. `version`: the order's, as of
-- which this is. `edits`: those that were heard; `totals`: what it came to, each time.
CREATE TABLE payments.sold (
    order_id        uuid   PRIMARY KEY,
    version         int    NOT NULL,
    edits           uuid[] NOT NULL,
    totals          bigint[] NOT NULL,
    currency        text   NOT NULL,
    items_minor     bigint NOT NULL,
    tax_minor       bigint NOT NULL,
    discount_minor  bigint NOT NULL,
    lines           jsonb  NOT NULL
);

-- Which edit holds an order's money; empty where a release before this one asked.
ALTER TABLE payments.held_refund ADD COLUMN edit_id uuid;

-- Edits of which it is known here that they were made true: goods are given back once they were heard, too.
CREATE TABLE payments.true_edit (
    edit_id   uuid PRIMARY KEY,
    order_id  uuid NOT NULL
);
CREATE INDEX true_edit_by_order ON payments.true_edit (order_id);

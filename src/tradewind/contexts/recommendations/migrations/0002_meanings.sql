-- What a model says that a product means: a vector of 32-bit floats, and of which text. `learned` rises with each row
-- written, so that a process that keeps vectors in memory reads only what is new.
CREATE SEQUENCE recommendations.learned;
CREATE TABLE recommendations.meaning (
    product_id  uuid PRIMARY KEY,
    model       text   NOT NULL,
    vector      bytea  NOT NULL,
    learned     bigint NOT NULL DEFAULT nextval('recommendations.learned')
);
CREATE INDEX meaning_learned ON recommendations.meaning (model, learned);
ALTER TABLE recommendations.product ADD COLUMN prose text NOT NULL DEFAULT '';
ALTER TABLE recommendations.product ADD COLUMN described_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE recommendations.meaning ADD COLUMN of_description timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX product_sku ON recommendations.product (sku);

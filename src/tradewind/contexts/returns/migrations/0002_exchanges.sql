-- What a buyer would rather have than what comes back, and the order that went out for it.
CREATE TABLE returns.exchange (
    return_id  uuid NOT NULL REFERENCES returns.returns (id),
    sku        text NOT NULL,
    quantity   int  NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, sku)
);
ALTER TABLE returns.returns ADD COLUMN replacement_id uuid UNIQUE;

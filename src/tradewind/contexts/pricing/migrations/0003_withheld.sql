-- Products that have a price and are not sold now: drafts, what is archived, parents of variants. The catalog says which.
CREATE TABLE pricing.withheld (product_id uuid PRIMARY KEY);

-- What search was told of the stock of each SKU, and with which version. It lies beside catalog.listing: a new column there
-- would change the type of the rows that the release before writes.
CREATE TABLE catalog.listed_stock (
    sku       text   PRIMARY KEY,
    version   bigint NOT NULL,
    available int    NOT NULL
) WITH (fillfactor = 50);

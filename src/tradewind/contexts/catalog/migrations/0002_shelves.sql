-- Where products stand: a tree. path holds the slugs from the root down; whoever moves a category writes it anew below.
CREATE TABLE catalog.categories (
    id         uuid PRIMARY KEY,
    parent_id  uuid REFERENCES catalog.categories,
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    slug       text        NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 100),
    path       text[]      NOT NULL CHECK (path[cardinality(path)] = slug),
    position   int         NOT NULL DEFAULT 0,
    version    int         NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_slug_beside_its_sisters UNIQUE NULLS NOT DISTINCT (parent_id, slug),
    CONSTRAINT no_category_holds_itself CHECK (parent_id <> id)
);

-- What a product is, beside its name. Its category's name is kept in category, as it was before there was a tree.
ALTER TABLE catalog.products DROP CONSTRAINT products_status_check;
UPDATE catalog.products SET status = 'ARCHIVED' WHERE status = 'RETIRED';
ALTER TABLE catalog.products
    ADD CONSTRAINT products_status_check CHECK (status IN ('DRAFT', 'ACTIVE', 'ARCHIVED')),
    ADD COLUMN kind         text   NOT NULL DEFAULT 'PHYSICAL' CHECK (kind IN ('PHYSICAL', 'DIGITAL')),
    ADD COLUMN description  text   NOT NULL DEFAULT '' CHECK (length(description) <= 10000),
    ADD COLUMN brand        text   NOT NULL DEFAULT '' CHECK (length(brand) <= 100),
    ADD COLUMN attributes   jsonb  NOT NULL DEFAULT '{}',
    ADD COLUMN category_id  uuid REFERENCES catalog.categories,
    ADD COLUMN parent_id    uuid REFERENCES catalog.products,
    ADD COLUMN option_names text[] NOT NULL DEFAULT '{}',
    ADD COLUMN options      jsonb  NOT NULL DEFAULT '{}',
    ADD CONSTRAINT variants_have_no_variants CHECK (parent_id IS NULL OR cardinality(option_names) = 0);
CREATE UNIQUE INDEX one_variant_of_each_combination ON catalog.products (parent_id, options)
    WHERE parent_id IS NOT NULL;
CREATE INDEX products_of_category ON catalog.products (category_id, id);

-- What others told of it: how many can still be promised, and what its buyers think. One projection each.
CREATE TABLE catalog.availability (sku text PRIMARY KEY, available int NOT NULL) WITH (fillfactor = 50);
CREATE TABLE catalog.rating (
    product_id uuid PRIMARY KEY,
    average    numeric(3, 2) NOT NULL,
    count      int           NOT NULL
);

-- Pictures: the file is named by what it holds, so two products may show the same one.
CREATE TABLE catalog.images (
    id         uuid PRIMARY KEY,
    product_id uuid        NOT NULL REFERENCES catalog.products,
    hash       text        NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    alt        text        NOT NULL DEFAULT '' CHECK (length(alt) <= 300),
    position   int         NOT NULL,
    width      int         NOT NULL,
    height     int         NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_picture_once_a_product UNIQUE (product_id, hash)
);

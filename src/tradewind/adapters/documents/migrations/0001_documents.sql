-- Documents of any schema. One that is gone leaves its id and version, so that no older version comes back.
CREATE TABLE documents.document (
    collection  text    NOT NULL,
    id          uuid    NOT NULL,
    version     bigint  NOT NULL,
    at          timestamptz,
    keys        jsonb,
    body        jsonb,
    PRIMARY KEY (collection, id),
    CHECK ((at IS NULL) = (keys IS NULL) AND (at IS NULL) = (body IS NULL))
);
CREATE INDEX document_newest ON documents.document (collection, at, id) WHERE at IS NOT NULL;
CREATE INDEX document_keys ON documents.document USING gin (keys jsonb_path_ops) WHERE at IS NOT NULL;

-- How far each collection is.
CREATE TABLE documents.reached (
    collection  text   PRIMARY KEY,
    stamp       bigint NOT NULL,
    id          uuid   NOT NULL
);

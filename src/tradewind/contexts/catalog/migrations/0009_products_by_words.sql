-- Whoever knows a thing by its name, also one that is sold no more, finds its SKU.
DROP INDEX CONCURRENTLY IF EXISTS catalog.products_by_words;
CREATE INDEX CONCURRENTLY products_by_words ON catalog.products USING gin (to_tsvector('simple', name));

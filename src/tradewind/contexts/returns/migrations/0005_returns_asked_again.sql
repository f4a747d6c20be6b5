-- The return that a saga asks for the money of once more.
DROP INDEX CONCURRENTLY IF EXISTS returns.returns_asked_again;
CREATE UNIQUE INDEX CONCURRENTLY returns_asked_again ON returns.returns (retry_id) WHERE retry_id IS NOT NULL;

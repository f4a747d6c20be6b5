"""A connection to OpenSearch, and which index counts, for every adapter that keeps something there."""

"""A connection to Cassandra, for every adapter that keeps something there."""

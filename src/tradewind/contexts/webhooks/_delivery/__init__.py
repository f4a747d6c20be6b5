"""The engine that delivers: reads the log, claims, posts, records."""

"""Documents: as jsonb in Postgres, or in a MongoDB."""

"""The database's embedded engine: Postgres from a wheel, in the home, run by an account without rights."""

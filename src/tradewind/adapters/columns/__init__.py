"""Star schemas: in a file of the home (DuckDB), or on a server (ClickHouse)."""

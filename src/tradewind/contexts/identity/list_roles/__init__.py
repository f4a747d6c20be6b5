"""See the roles."""

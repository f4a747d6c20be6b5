"""The SQL of what is owed and sent."""

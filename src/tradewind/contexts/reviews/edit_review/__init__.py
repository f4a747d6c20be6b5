"""Say it otherwise."""

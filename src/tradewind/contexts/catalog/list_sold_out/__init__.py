"""See what is sold out."""

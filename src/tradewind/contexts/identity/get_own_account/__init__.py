"""See who one is."""

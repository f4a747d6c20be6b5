"""See where one is logged in."""

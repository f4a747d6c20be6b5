"""See where an order of one's own stands, as often as one likes."""

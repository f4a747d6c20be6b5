"""Answer a review in the name of the shop."""

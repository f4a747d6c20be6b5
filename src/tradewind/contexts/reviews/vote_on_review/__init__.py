"""Say whether a review helped."""

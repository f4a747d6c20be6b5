"""See what is to be picked."""

"""Say which device notes go to."""

"""Say what carriage costs, and how far away countries are."""

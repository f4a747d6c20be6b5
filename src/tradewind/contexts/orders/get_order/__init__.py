"""See one order and its history."""

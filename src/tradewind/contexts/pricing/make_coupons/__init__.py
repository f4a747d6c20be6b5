"""Make codes for a promotion, one or many."""

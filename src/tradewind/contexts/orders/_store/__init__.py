"""The order's SQL."""

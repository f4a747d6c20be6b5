"""The payment's SQL."""

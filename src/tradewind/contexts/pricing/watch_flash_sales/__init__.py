"""Follow flash sales as they start, sell out, reopen and end."""

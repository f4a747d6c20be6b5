"""Say of which tax class products are: one by one, or by category."""

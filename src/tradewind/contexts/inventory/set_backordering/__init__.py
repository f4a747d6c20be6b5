"""Say whether and how a SKU may be waited for."""

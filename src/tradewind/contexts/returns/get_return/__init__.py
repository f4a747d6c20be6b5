"""Look at returns."""

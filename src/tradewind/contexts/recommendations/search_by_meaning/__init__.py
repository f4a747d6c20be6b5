"""Find products by what they mean."""

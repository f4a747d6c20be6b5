"""Find products by text, filters and sort, with what else there would be."""

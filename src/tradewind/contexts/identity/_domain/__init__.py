"""Keys and passwords: pure, apart from the folder that keeps the keys."""

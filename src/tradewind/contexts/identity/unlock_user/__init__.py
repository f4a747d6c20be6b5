"""Let somebody try again who has tried too often."""

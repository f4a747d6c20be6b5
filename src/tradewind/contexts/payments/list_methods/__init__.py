"""See how one pays."""

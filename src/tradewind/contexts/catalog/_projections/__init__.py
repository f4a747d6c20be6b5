"""What the catalog makes of what others tell."""

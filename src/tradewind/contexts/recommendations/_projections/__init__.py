"""What recommendations learn from what others tell."""

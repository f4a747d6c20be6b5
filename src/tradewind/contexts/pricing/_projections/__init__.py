"""What pricing keeps of what others tell."""

"""What reviews makes of what others tell."""

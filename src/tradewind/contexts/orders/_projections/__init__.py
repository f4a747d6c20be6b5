"""What orders shows, folded from events."""

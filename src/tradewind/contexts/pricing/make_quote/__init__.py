"""What goods cost somebody now, and why."""

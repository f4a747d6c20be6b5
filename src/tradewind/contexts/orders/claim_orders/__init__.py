"""Let a guest's orders become those of the user they turn out to be."""

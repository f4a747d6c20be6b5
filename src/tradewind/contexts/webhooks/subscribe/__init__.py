"""Ask for events."""

"""Ask what products mean, and keep the answers."""

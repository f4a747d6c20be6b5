"""Let the draft of a price book count."""

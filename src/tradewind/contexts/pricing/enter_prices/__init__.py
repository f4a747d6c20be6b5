"""Write prices into the draft of a price book, many at once."""

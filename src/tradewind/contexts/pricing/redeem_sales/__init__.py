"""Count the pieces of flash sales, so that no more are sold than there are, and no buyer gets more than their part."""

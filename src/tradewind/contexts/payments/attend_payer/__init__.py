"""What else a payer in another process asks: is it only held, and: its buyer is back."""

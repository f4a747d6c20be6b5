"""Ask to give some of an order back."""

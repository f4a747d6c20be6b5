"""Ask again for money that the provider would not give back."""

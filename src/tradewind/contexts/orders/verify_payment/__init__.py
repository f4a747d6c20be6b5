"""The buyer comes back from proving themselves."""

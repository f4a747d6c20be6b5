"""What every adapter that stands on Redis needs of it: one way to ask, one way to be told that it is away."""

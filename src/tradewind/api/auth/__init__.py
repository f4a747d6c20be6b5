"""Who is asking: bearer tokens, verified the same way for every protocol."""

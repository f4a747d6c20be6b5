"""Issuers of the world whose tokens count here; ours is the identity context's own."""

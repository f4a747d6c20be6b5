"""Claim a refund for who has it owed in another process, and say where it stands."""

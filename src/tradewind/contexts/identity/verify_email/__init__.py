"""Prove that an address is yours."""

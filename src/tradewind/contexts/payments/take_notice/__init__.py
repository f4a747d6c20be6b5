"""Hear what a payment provider tells by itself."""

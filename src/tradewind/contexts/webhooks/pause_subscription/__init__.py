"""Pause a subscription, or let it go on."""

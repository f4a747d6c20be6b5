"""Tradewind, an event-driven commerce platform."""

"""Hear no more of offers on a channel, by the link of a message."""

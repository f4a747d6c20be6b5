"""The language between contexts: events, commands and peer protocols."""

"""Logs, metrics and traces, from the first line on."""

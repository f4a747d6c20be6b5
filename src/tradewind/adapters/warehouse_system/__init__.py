"""Engines of the port `warehouse_system`."""

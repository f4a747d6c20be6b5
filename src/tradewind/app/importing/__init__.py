"""Brings a retailer's past into a shop: read, sort, plan (all pure), then load by the shop's own commands."""

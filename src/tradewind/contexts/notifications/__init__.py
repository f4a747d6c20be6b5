"""Notifications: what the shop writes to people because of what happened, on the channels they like.

Hears of orders, shipments, refunds and carts; asks customers how somebody may be reached, and orders and carts whose
they are. Nobody's address is kept here: it is asked for when a message goes out, and so is whether it still may.
"""

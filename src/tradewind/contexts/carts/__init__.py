"""Carts: what somebody means to buy, as a history of what they did, until it becomes an order.

A cart holds no stock and promises no price; a quote promises a price for a while. Asks pricing for prices and quotes,
inventory for what is left, shipping for rates and customers for groups. Orders ask it (CartsPeer) to agree to a quote
and to close the cart within the transaction that places the order. Hears GuestMerged, and merges the guest's carts.
Tells when a cart became an order, was left alone for a while, or was given up. "Basket" is another word for cart.
"""

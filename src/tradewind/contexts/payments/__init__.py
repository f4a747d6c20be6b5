"""Payments: one intent an order; authorize, capture, void, refund through a provider, each exactly once.

Asks the payment provider behind its port; is asked by the order saga through contracts.payments. Hears that an
order is off, and that its goods have left the house.
"""

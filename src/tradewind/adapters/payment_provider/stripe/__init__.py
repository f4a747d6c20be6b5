"""Stripe, through its official client: `api` asks, `answers` reads what it says, `notices` what it tells by itself.

Imported only where the shop's owner has chosen Stripe.
"""

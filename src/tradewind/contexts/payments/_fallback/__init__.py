"""The legacy gateway first, the provider over REST where the gateway is down: one payment, one of them.

breaker   when the gateway is not asked any more, and when it is again
retries   how often a call is repeated, and after which pauses
routes    who holds a payment: durable, and decided before anybody is asked
provider  the port `PaymentProvider`, made of these
"""

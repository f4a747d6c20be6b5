"""The port `payment_provider`: `client` speaks to a provider over HTTP, `simulator` is one, a process apart.

Both import `wire`, and neither the other.
"""

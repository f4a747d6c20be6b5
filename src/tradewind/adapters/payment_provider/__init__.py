"""The port `payment_provider`: `client` speaks to a provider over HTTP, `simulator` is one, a process apart.

`notices` reads and signs what the simulated provider posts. All import `wire`; client and simulator not each other.
"""

"""The whole bench: the raw limit, Tradewind in process and over HTTP, the thinnest service, an order's whole walk."""

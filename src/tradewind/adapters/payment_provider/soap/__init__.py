"""The legacy gateway: `payment.wsdl` is what it offers, `client` asks it. The simulator plays it."""

"""Say how an order that waits for payment is paid."""

"""Place an order for what goes out in exchange for what came back."""

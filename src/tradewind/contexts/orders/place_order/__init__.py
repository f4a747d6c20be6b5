"""Place an order: the hot path, and the saga that follows."""

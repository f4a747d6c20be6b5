"""Call an order off while nothing was promised for good."""

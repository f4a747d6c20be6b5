"""Count the uses of coupons, so that no limit is exceeded however many come at once."""

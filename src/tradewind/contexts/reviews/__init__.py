"""Reviews: what buyers say of what they bought, what the shop lets through, and what it adds up to."""

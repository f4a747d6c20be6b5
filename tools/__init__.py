"""Scripts for those who work on the shop, in its own language; `make` calls them."""

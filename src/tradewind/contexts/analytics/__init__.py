"""Analytics: what the shop comes to, counted from what others tell, in a star schema beside the books.

It hears orders, payments, inventory, carts, shipping, catalog and customers, is asked by people who run the shop and
by their tools, and asks nobody. Everything it holds may be dropped and counted again from the log.
"""

"""Catalog: what the shop sells. Products, variants, a tree of categories, pictures, vendors' feeds; and search.

Asks pricing (PricingPeer) to set first prices, and to sell or to withhold; shows the price that pricing tells of, and
decides none itself (D2). Asks inventory (InventoryPeer) to book what a feed brings; shows the stock that inventory and
the rating that reviews tell of. Tells ProductCreated, ProductUpdated and ProductDeleted, each with all that a shelf
shows, CategoryCreated and CategoryUpdated. Others ask it which product carries a SKU.
"""

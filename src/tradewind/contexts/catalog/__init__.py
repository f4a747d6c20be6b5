"""Catalog: what the shop sells. A product has one SKU, a name and a category.

Asks pricing (PricingPeer) to set a product's first price, and shows the price that pricing tells of; it decides no
price itself (D2). Tells ProductCreated, by which inventory opens the stock. Others ask it which product carries a SKU.
"""

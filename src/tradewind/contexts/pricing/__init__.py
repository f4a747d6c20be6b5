"""Pricing: the only authority on what a product costs (D2), with the whole history of its prices.

Tells ProductPriceChanged, which the catalog shows. The catalog asks it to set a product's first price, orders ask it
for the prices that count now; it asks nobody.
"""

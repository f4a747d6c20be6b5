"""Pricing: the only authority on what a product costs (D2), with the whole history of its prices.

List prices, price books, overrides, flash sales, promotions, coupons and taxes; quotes that explain themselves. Tells
ProductPriceChanged when a usual price changes, and how flash sales go. The catalog asks it to set a product's first
price, orders ask for the prices that count now and take coupons and sale pieces, carts ask for quotes. It asks
customers for the groups of whoever wants a preview.
"""

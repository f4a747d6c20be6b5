"""Reviews: what buyers say of what they bought, what the shop lets through, and what it adds up to.

Hears of purchases from orders and of products from the catalog; tells RatingChanged, which catalog and search show.
"""

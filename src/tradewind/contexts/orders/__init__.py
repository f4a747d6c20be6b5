"""Orders: what was bought, by whom, for how much, and where it stands. Owns the saga that carries each to its end.

Asks pricing for prices, inventory for goods, payments for money, shipping for carriage, each through its peer protocol.
"""

"""What the owner of a shop decides about stock, read once from the environment."""

import os
from typing import Final

RESERVATION_TTL_S: Final = int(os.environ.get("TRADEWIND_RESERVATION_TTL_S") or 900)
"""Seconds for which goods are held for an order that nobody confirms."""
EXPIRE_EVERY_S: Final = 1.0
MAX_EXPIRED_AT_ONCE: Final = 500
"""Orders whose reservations one transaction ends."""
ALLOCATION: Final = os.environ.get("TRADEWIND_ALLOCATION") or "priority"
"""From which warehouse an order is served first: a name of strategies.STRATEGIES."""

"""What the owner of a shop decides about carts, read once from the environment."""

import os
from typing import Final

ABANDONED_AFTER_S: Final = int(os.environ.get("TRADEWIND_CART_ABANDONED_AFTER_S") or 4 * 3600)
"""Seconds after which a filled cart that nobody touches counts as abandoned."""
EXPIRES_AFTER_S: Final = int(os.environ.get("TRADEWIND_CART_EXPIRES_AFTER_S") or 30 * 86_400)
"""Seconds after which a cart that nobody touches is closed."""
QUOTE_TTL_S: Final = 900
"""Seconds for which a quoted price is promised."""
LOOK_EVERY_S: Final = 30.0
MAX_AT_ONCE: Final = 500
"""Carts or quotes that one transaction of a timer deals with."""

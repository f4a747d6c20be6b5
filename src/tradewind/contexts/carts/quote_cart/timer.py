"""Quotes that have expired go, and with them the addresses that they were given for."""

from typing import Final

from tradewind.contexts.carts._domain.settings import LOOK_EVERY_S
from tradewind.contexts.carts._store import quotes
from tradewind.runtime.timers import Timer

PURGE_QUOTES: Final = Timer("carts.purge_quotes", LOOK_EVERY_S, quotes.purge)

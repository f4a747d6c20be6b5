"""Pricing's table of contents."""

from pathlib import Path

from tradewind.contexts.pricing._projections.product_facts import product_facts
from tradewind.contexts.pricing._store.personal import UsedCoupons
from tradewind.contexts.pricing._subscribers.on_buyer_known import on_buyer_known
from tradewind.contexts.pricing._subscribers.on_order_called_off import on_order_called_off
from tradewind.contexts.pricing.get_price_history import rest as get_price_history_rest
from tradewind.contexts.pricing.get_price_history.query import get_price_history
from tradewind.contexts.pricing.peer import Pricing
from tradewind.contexts.pricing.set_price import rest as set_price_rest
from tradewind.contexts.pricing.set_price.command import SetPrice, set_price
from tradewind.contexts.pricing.tell_prices.timer import TELL_PRICES
from tradewind.contracts.pricing import PricingPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "SetPrice"]

_peer: PricingPeer = Pricing()
MANIFEST = Manifest(
    name="pricing",
    migrations=Path(__file__).parent / "migrations",
    handlers=(set_price, get_price_history),
    routes=(set_price_rest.set_price, get_price_history_rest.get_price_history),
    subscribers=(product_facts, on_order_called_off, on_buyer_known),
    timers=(TELL_PRICES,),
    peers={PricingPeer: _peer},
    personal_data=UsedCoupons(),
)

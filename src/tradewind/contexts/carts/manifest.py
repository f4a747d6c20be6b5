"""The carts context's table of contents."""

from pathlib import Path

from tradewind.contexts.carts._subscribers.on_guest_merged import on_guest_merged
from tradewind.contexts.carts.abandon_carts.timer import ABANDON_CARTS, EXPIRE_CARTS
from tradewind.contexts.carts.add_line import rest as add_rest
from tradewind.contexts.carts.add_line.command import AddLine, add_line
from tradewind.contexts.carts.change_line import rest as change_rest
from tradewind.contexts.carts.change_line.command import ChangeLine, RemoveLine, change_line, remove_line
from tradewind.contexts.carts.check_out import rest as check_out_rest
from tradewind.contexts.carts.get_cart import rest as get_rest
from tradewind.contexts.carts.get_cart.query import GetCart, get_cart
from tradewind.contexts.carts.list_carts import rest as list_rest
from tradewind.contexts.carts.list_carts.query import list_carts
from tradewind.contexts.carts.open_cart import rest as open_rest
from tradewind.contexts.carts.open_cart.command import OpenCart, open_cart
from tradewind.contexts.carts.peer import Carts
from tradewind.contexts.carts.privacy import CartsOfPeople
from tradewind.contexts.carts.quote_cart import rest as quote_rest
from tradewind.contexts.carts.quote_cart.command import QuoteCart, QuoteView, quote_cart
from tradewind.contexts.carts.quote_cart.timer import PURGE_QUOTES
from tradewind.contexts.carts.replay_cart import rest as replay_rest
from tradewind.contexts.carts.replay_cart.query import replay_cart
from tradewind.contexts.carts.save_for_later import rest as save_rest
from tradewind.contexts.carts.save_for_later.command import move_back, save_for_later
from tradewind.contracts.carts import CartsPeer
from tradewind.contracts.privacy import PersonalData
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "AddLine", "ChangeLine", "GetCart", "OpenCart", "QuoteCart", "QuoteView", "RemoveLine"]

_peer: CartsPeer = Carts()
_personal_data: PersonalData = CartsOfPeople()
MANIFEST = Manifest(
    name="carts",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        open_cart, add_line, change_line, remove_line, save_for_later, move_back, get_cart, list_carts, replay_cart,
        quote_cart,
    ),
    routes=(
        open_rest.open_cart,
        list_rest.list_carts,
        get_rest.get_cart,
        replay_rest.replay_cart,
        add_rest.add_line_to_cart,
        change_rest.change_line_of_cart,
        change_rest.remove_line_from_cart,
        save_rest.save_for_later,
        save_rest.move_back_to_cart,
        quote_rest.quote_cart,
        check_out_rest.check_out_cart,
    ),
    aliases={"/api/v1/carts": "/api/v1/baskets"},
    subscribers=(on_guest_merged,),
    timers=(ABANDON_CARTS, EXPIRE_CARTS, PURGE_QUOTES),
    peers={CartsPeer: _peer},
    personal_data=_personal_data,
)  # fmt: skip

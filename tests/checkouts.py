"""Carts, quotes and coupons to check out with, made through the shop's own commands."""

from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from tests.shops import Shop, a_call
from tradewind.contexts.carts.manifest import AddLine, OpenCart, QuoteCart
from tradewind.contexts.pricing.manifest import ActivatePromotion, CreatePromotion, MakeCoupons
from tradewind.contracts.orders import OrderView, PlaceOrder, QuoteRef
from tradewind.runtime.call import Call

LONDON: Final = {"country": "GB", "line1": "1 Main Street", "city": "London", "postal_code": "SW1A 1AA"}
TEN_PER_CENT: Final = {
    "needs_coupon": True,
    "draft": {"name": "Ten per cent off", "terms": {"benefit": {"kind": "PERCENTAGE", "percent": "10"}}},
}


class Quoted(NamedTuple):
    """Somebody's cart with a quote of it."""

    call: Call
    cart_id: UUID
    quote: Any

    def order(self) -> PlaceOrder:
        """Check out by the quote."""
        ref = QuoteRef(cart_id=self.cart_id, token=self.quote.token)
        return PlaceOrder(quote=ref, payment_method="simulated:approve")


async def a_quoted_cart(shop: Shop, call: Call | None = None, *, coupons: tuple[str, ...] = (), **lines: int) -> Quoted:
    """A cart with so many of each SKU, quoted to London."""
    call = call or a_call("guest")
    cart_id: UUID = (await shop.dispatch(OpenCart(), call)).id
    for sku, quantity in lines.items():
        await shop.dispatch(AddLine(cart_id=cart_id, sku=sku, quantity=quantity), call)
    wish = QuoteCart(
        cart_id=cart_id,
        shipping_address=LONDON,
        shipping_method="standard",
        email="ada@example.org",
        coupons=coupons,
    )
    return Quoted(call, cart_id, await shop.dispatch(wish, call))


async def check_out(shop: Shop, quoted: Quoted, *, key: str | None = None) -> OrderView:
    """The order."""
    call = a_call("guest", subject=quoted.call.actor.subject, key=key)
    answer: OrderView = await shop.dispatch(quoted.order(), call)
    return answer


async def a_coupon(shop: Shop, code: str, *, uses: int | None = None, per_customer: int | None = None) -> str:
    """A code that takes ten per cent off, so many times."""
    merchant = a_call("merchandiser")
    promotion = await shop.dispatch(msgspec.convert(TEN_PER_CENT, CreatePromotion), merchant)
    await shop.dispatch(ActivatePromotion(promotion_id=promotion.id), merchant)
    wish = MakeCoupons(promotion_id=promotion.id, code=code, max_uses=uses, max_per_customer=per_customer)
    made: str = (await shop.dispatch(wish, merchant)).codes[0]
    return made

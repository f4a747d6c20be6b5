"""How a marked person leaves their traits all over the shop, route by route."""

from typing import Any

from tests.security.marked import Marked


async def shop_as_guest(who: Marked, sku: str) -> str:
    """A cart, two quotes of which one is checked out; the order's id."""
    who.token = (await who.told("POST", "/api/v1/auth/guest"))["access_token"]
    wish = {"email": who.marks["e-mail"], "shippingAddress": who.place, "shippingMethod": "standard"}
    order = ""
    for pays in (False, True):
        cart = (await who.told("POST", "/api/v1/carts"))["id"]
        await who.told("POST", f"/api/v1/carts/{cart}/lines", {"sku": sku, "qty": 1})
        quote = await who.told("POST", f"/api/v1/carts/{cart}/quote", wish)
        if pays:
            agreed = {"quoteToken": quote["token"], "paymentMethod": "simulated:approve"}
            order = (await who.told("POST", f"/api/v1/carts/{cart}/checkout", agreed))["id"]
    return order


async def become_customer(who: Marked) -> None:
    """An account, a proved address, a password forgotten and changed, a wrong one tried."""
    first, second = who.marks["first password"], who.marks["second password"]
    guest, who.token = who.token, ""
    account = {"email": who.marks["e-mail"], "password": first, "guestToken": guest}
    await who.told("POST", "/api/v1/auth/register", account)
    await who.told("POST", "/api/v1/auth/verify-email", {"token": await who.mail("confirm")})
    wrong = {"grant_type": "password", "username": who.marks["e-mail"], "password": who.marks["wrong password"]}
    assert (await who.ask("POST", "/api/v1/auth/token", data=wrong)).status_code == 400
    await who.told("POST", "/api/v1/auth/password-reset", {"email": who.marks["e-mail"]})
    again = {"token": await who.mail("choose a new"), "password": second}
    await who.told("POST", "/api/v1/auth/password-reset/confirm", again)
    await who.log_in(second)
    await who.told("POST", "/api/v1/auth/change-password", {"currentPassword": second, "newPassword": first})
    await who.log_in(first)
    who.user_id = (await who.told("GET", "/api/v1/customers/me"))["userId"]


async def tell_all(who: Marked) -> None:
    """Profile, preferences, addresses."""
    contacts = [
        {"kind": "EMAIL", "value": who.marks["second e-mail"]},
        {"kind": "PHONE", "value": who.marks["phone"]},
    ]
    profile = {"name": who.marks["name"], "contactMethods": contacts}
    await who.told("PATCH", "/api/v1/customers/me", profile, headers={"If-Match": "*"})
    wanted = {"preferredChannel": "EMAIL", "marketing": ["EMAIL", "SMS"]}
    await who.told("PUT", "/api/v1/customers/me/preferences", wanted, headers={"If-Match": "*"})
    await who.told("PUT", "/api/v1/notifications/device", {"token": who.marks["device"]})
    card = {"token": who.marks["card"], "brand": "Visa", "last4": "4242", "expMonth": 12, "expYear": 2030}
    await who.told("POST", "/api/v1/payment-methods", card)
    kept = await who.told("POST", "/api/v1/customers/me/addresses", who.place)
    moved = {**who.place, "line2": who.marks["second street"]}
    await who.told("PUT", f"/api/v1/customers/me/addresses/{kept['id']}", moved, headers={"If-Match": "*"})


async def buy(who: Marked, sku: str) -> str:
    """One order that is declined, one that is called off, one that is paid: its id."""
    wish: dict[str, Any] = {"items": [{"sku": sku, "qty": 1}], "shippingAddress": who.place}
    card = {"paymentMethod": f"simulated:{who.marks['card']}"}
    await who.told("POST", "/api/v1/orders", {**wish, **card}, headers={"Prefer": "wait=20"})
    dropped = (await who.told("POST", "/api/v1/orders", wish))["id"]
    said = {"reason": who.marks["words"]}
    off = await who.told("POST", f"/api/v1/orders/{dropped}/cancel", said, headers={"Prefer": "wait=20"})
    assert (off["status"], off["why"]) == ("CANCELED", who.marks["words"])
    bought = (await who.told("POST", "/api/v1/orders", wish))["id"]
    moved = {"shippingAddress": {**who.place, "line2": who.marks["second street"]}}
    await who.told("PATCH", f"/api/v1/orders/{bought}", moved, headers={"If-Match": "*"})
    await who.told("POST", f"/api/v1/orders/{bought}/pay", {"paymentMethod": "simulated:approve"})
    return str(bought)


async def speak(who: Marked, product_id: str) -> None:
    """A review, and another in its place; a search; a word with the assistant."""
    review = {"stars": 4, "title": who.marks["review"], "text": who.marks["name"], "displayName": "Somebody"}
    written = await who.told("POST", f"/api/v1/products/{product_id}/reviews", review)
    better = {**review, "text": who.marks["review"], "displayName": who.marks["display name"]}
    await who.told("PUT", f"/api/v1/reviews/{written['id']}", better, headers={"If-Match": "*"})
    await who.ask("GET", f"/api/v1/products/search?q={who.marks['query']}")
    said = {"messages": [{"role": "user", "text": who.marks["said"]}]}
    assert (await who.ask("POST", "/api/v1/assistant/messages", said)).status_code in (200, 503)


async def receive(who: Marked, order_id: str) -> None:
    """The goods come."""
    market, warehouse = who.market, who.market.somebody("warehouse")
    await market.comes_to(market.admin, order_id, "PAID")
    shipment = (await market.admin.get(f"/api/v1/orders/{order_id}/shipment")).json()["id"]

    async def is_ready() -> bool:
        return (await warehouse.post(f"/api/v1/shipments/{shipment}/dispatch", {})).status_code == 200

    await market.sees(is_ready)
    assert (await warehouse.post(f"/api/v1/shipments/{shipment}/deliver")).status_code == 200
    await market.comes_to(market.admin, order_id, "FULFILLED")

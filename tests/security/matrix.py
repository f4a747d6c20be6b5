"""S1: who may do what over REST, route by route: the table that tests hold the shop against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from tradewind.kernel.clock import now

EVERYBODY: Final = ("anonymous", "guest", "customer", "support", "warehouse", "merchandiser", "admin")
ANYBODY: Final = frozenset(EVERYBODY)
NAMED: Final = ANYBODY - {"anonymous"}
USERS: Final = NAMED - {"guest"}
NOBODY: Final = frozenset[str]()
ADMIN: Final = frozenset({"admin"})
CUSTOMER: Final = frozenset({"customer"})
CUSTOMERS: Final = frozenset({"customer", "admin"})
BUYERS: Final = frozenset({"guest", "customer"})
SHOPPERS: Final = frozenset({"guest", "customer", "admin"})
SUPPORT: Final = frozenset({"support", "admin"})
WAREHOUSE: Final = frozenset({"warehouse", "admin"})
MERCHANTS: Final = frozenset({"merchandiser", "admin"})
GROUPERS: Final = SUPPORT | MERCHANTS
MODERATORS: Final = SUPPORT | MERCHANTS

PLACE: Final = {"country": "GB", "line1": "1 Main Street", "city": "London", "postalCode": "SW1A 1AA"}
CONTACT: Final = {"kind": "EMAIL", "value": "matrix@example.org"}
PRICE: Final = {"amount": 2, "currency": "EUR"}
PROMOTION: Final = {"name": "p", "benefit": {"kind": "PERCENTAGE", "percent": 5}}
SALE: Final = {
    "sku": "<sku>", "price": 1, "quantity": 1,
    "startsAt": (now() + timedelta(days=9)).isoformat(), "endsAt": (now() + timedelta(days=19)).isoformat(),
}  # fmt: skip
RATES: Final = {"country": "AQ", "pricesIncludeTax": True, "rates": {"standard": 0.1}}
LINES: Final = {"items": [{"sku": "<sku>", "qty": 1}]}
WISH: Final = {"shippingAddress": {"country": "GB"}, "shippingMethod": "pickup", "email": "matrix@example.org"}


@dataclass(frozen=True)
class Row:
    """Who may use a route at all, with a body that the shop can read. Everybody else is told 401 or 403."""

    allowed: frozenset[str]
    body: Any = None
    hidden: frozenset[str] = NOBODY
    """Those to whom what is another's looks as if there were nothing: 404, `missing`."""
    missing: str = ""
    own: frozenset[int] = frozenset()
    """What its owner is answered, where somebody can own it; guests where guests are hidden from it, and customers."""
    query: str = ""
    spare: bool = False
    """It ends what it is about, so it gets a thing that no other row needs."""
    raw: bytes = b""
    """A body that is no JSON."""
    away: bool = False
    """Whether 503 is an answer: what it needs is not part of every shop."""
    also: Mapping[str, str] = field(default_factory=dict)
    """Headers."""


def own(*statuses: int) -> frozenset[int]:
    """What owners are answered."""
    return frozenset(statuses)


def order(allowed: frozenset[str], body: Any = None, *statuses: int) -> Row:
    """What is done with one order; that of somebody else is as good as none."""
    return Row(allowed, body, BUYERS, "no-such-order", own(*statuses))


def cart(allowed: frozenset[str], body: Any = None, *statuses: int) -> Row:
    """What is done with one cart; that of somebody else is as good as none."""
    return Row(allowed, body, BUYERS, "no-such-cart", own(*statuses))


IDENTITY: Final = {
    "POST /api/v1/auth/guest": Row(ANYBODY),
    "POST /api/v1/auth/token": Row(ANYBODY),
    "POST /api/v1/auth/register": Row(ANYBODY, {"email": "matrix@shop.test", "password": "a matrix of rows"}),
    "POST /api/v1/auth/verify-email": Row(ANYBODY, {"token": "made-up"}),
    "POST /api/v1/auth/revoke": Row(ANYBODY),
    "POST /api/v1/auth/backchannel-logout": Row(ANYBODY),
    "POST /api/v1/auth/password-reset": Row(ANYBODY, {"email": "matrix@shop.test"}),
    "POST /api/v1/auth/password-reset/confirm": Row(ANYBODY, {"token": "made-up", "password": "a matrix of rows"}),
    "POST /api/v1/auth/change-password": Row(USERS, {"currentPassword": "x", "newPassword": "a matrix of rows"}),
    "GET /api/v1/auth/userinfo": Row(USERS),
    "GET /api/v1/auth/sessions": Row(USERS),
    "DELETE /api/v1/auth/sessions": Row(USERS),
    "DELETE /api/v1/auth/sessions/{session_id}": Row(
        ADMIN, hidden=USERS - ADMIN, missing="no-such-session", own=own(204), spare=True
    ),
    "GET /api/v1/roles": Row(ADMIN),
    "GET /api/v1/users": Row(ADMIN),
    "POST /api/v1/users": Row(ADMIN, {"email": "matrix-clerk@shop.test", "roles": ["support"]}),
    "GET /api/v1/users/{user_id}": Row(ADMIN),
    "PUT /api/v1/users/{user_id}/roles": Row(ADMIN, {"roles": ["support"]}),
    "POST /api/v1/users/{user_id}/disable": Row(ADMIN),
    "POST /api/v1/users/{user_id}/enable": Row(ADMIN),
    "POST /api/v1/users/{user_id}/unlock": Row(ADMIN),
    "GET /.well-known/jwks.json": Row(ANYBODY),
    "GET /.well-known/openid-configuration": Row(ANYBODY),
}
_OWN_ADDRESS: Final[dict[str, Any]] = {"hidden": CUSTOMERS | SUPPORT, "missing": "no-such-address"}
_A_CUSTOMER: Final[dict[str, Any]] = {"hidden": CUSTOMER, "missing": "no-such-customer"}
CUSTOMERS_ROWS: Final = {
    "GET /api/v1/customers/me": Row(CUSTOMERS | SUPPORT),
    "PATCH /api/v1/customers/me": Row(CUSTOMERS, {"name": "n", "contactMethods": [CONTACT]}),
    "GET /api/v1/customers/me/preferences": Row(CUSTOMERS | SUPPORT),
    "PUT /api/v1/customers/me/preferences": Row(CUSTOMERS, {"preferredChannel": None}),
    "GET /api/v1/customers/me/addresses": Row(CUSTOMERS | SUPPORT),
    "POST /api/v1/customers/me/addresses": Row(CUSTOMERS, PLACE),
    "GET /api/v1/customers/me/addresses/{address_id}": Row(NOBODY, own=own(200), **_OWN_ADDRESS),
    "PUT /api/v1/customers/me/addresses/{address_id}": Row(
        NOBODY, PLACE, own=own(200), hidden=CUSTOMERS, missing="no-such-address"
    ),
    "DELETE /api/v1/customers/me/addresses/{address_id}": Row(
        NOBODY, own=own(204), hidden=CUSTOMERS, missing="no-such-address"
    ),
    "POST /api/v1/customers/me/export": Row(CUSTOMERS | SUPPORT),
    "POST /api/v1/customers/me/erasure": Row(CUSTOMERS | SUPPORT, {"confirm": "nobody"}),
    "GET /api/v1/customers/{customer_id}": Row(SUPPORT, own=own(200), **_A_CUSTOMER),
    "POST /api/v1/customers/{customer_id}/export": Row(SUPPORT, own=own(200), **_A_CUSTOMER),
    "POST /api/v1/customers/{customer_id}/erasure": Row(SUPPORT, {"confirm": "nobody"}, own=own(422), **_A_CUSTOMER),
    "GET /api/v1/customers/{customer_id}/groups": Row(GROUPERS),
    "PUT /api/v1/customers/{customer_id}/groups": Row(GROUPERS, {"groups": []}),
}
CATALOG: Final = {
    "GET /api/v1/products": Row(ANYBODY),
    "GET /api/v1/products/{product_id}": Row(ANYBODY),
    "GET /api/v1/products/by-sku/{sku}": Row(ANYBODY),
    "GET /api/v1/products/search": Row(ANYBODY),
    "GET /api/v1/sold-out-products": Row(MERCHANTS),
    "GET /api/v1/products/suggest": Row(ANYBODY, query="?q=a"),
    "POST /api/v1/products": Row(MERCHANTS, {"sku": "A-NEW-ONE", "name": "n", "category": "c", "price": PRICE}),
    "PATCH /api/v1/products/{product_id}": Row(MERCHANTS, {"description": "another"}),
    "DELETE /api/v1/products/{product_id}": Row(MERCHANTS, spare=True),
    "POST /api/v1/products/{product_id}/variants": Row(MERCHANTS, {"sku": "A-VARIANT", "options": {"size": "S"}}),
    "GET /api/v1/categories": Row(ANYBODY),
    "POST /api/v1/categories": Row(MERCHANTS, {"name": "Of the matrix"}),
    "PATCH /api/v1/categories/{category_id}": Row(MERCHANTS, {"name": "Of the matrix"}),
    "POST /api/v1/products/{product_id}/images": Row(MERCHANTS, raw=b"no picture", also={"Content-Type": "image/png"}),
    "PATCH /api/v1/products/{product_id}/images/{image_id}": Row(MERCHANTS, {"alt": "a"}),
    "DELETE /api/v1/products/{product_id}/images/{image_id}": Row(MERCHANTS),
    "GET /media/{digest}/{name}": Row(ANYBODY),
}
_BOOK: Final = "/api/v1/price-books/{book_id}"
_PROMOTION: Final = "/api/v1/promotions/{promotion_id}"
_OVERRIDE: Final = "/api/v1/products/{product_id}/price-override"
PRICING: Final = {
    "PUT /api/v1/products/{product_id}/price": Row(MERCHANTS, {**PRICE, "reason": "sale"}),
    "GET /api/v1/products/{product_id}/price-history": Row(MERCHANTS),
    f"PUT {_OVERRIDE}": Row(ADMIN, {**PRICE, "reason": "by hand"}),
    f"DELETE {_OVERRIDE}": Row(ADMIN),
    f"GET {_OVERRIDE}s": Row(MERCHANTS),
    "POST /api/v1/flash-sales": Row(MERCHANTS, SALE),
    "POST /api/v1/flash-sales/{sale_id}/end": Row(MERCHANTS),
    "GET /api/v1/flash-sales": Row(ANYBODY),
    "GET /api/v1/flash-sales/{sale_id}": Row(ANYBODY),
    "GET /sse/flash-sales": Row(ANYBODY),
    "GET /api/v1/products/{product_id}/flash-price": Row(ANYBODY),
    "POST /api/v1/price-books": Row(MERCHANTS, {"name": "matrix", "currency": "EUR"}),
    "GET /api/v1/price-books": Row(MERCHANTS),
    f"GET {_BOOK}": Row(MERCHANTS),
    f"GET {_BOOK}/versions": Row(MERCHANTS),
    f"GET {_BOOK}/entries": Row(MERCHANTS),
    f"PATCH {_BOOK}": Row(MERCHANTS, {"name": "another"}),
    f"PUT {_BOOK}/entries": Row(MERCHANTS, {"remove": ["NONE"]}),
    f"POST {_BOOK}/publish": Row(MERCHANTS),
    "POST /api/v1/promotions": Row(MERCHANTS, PROMOTION),
    "GET /api/v1/promotions": Row(MERCHANTS),
    f"GET {_PROMOTION}": Row(MERCHANTS),
    f"PUT {_PROMOTION}": Row(MERCHANTS, PROMOTION),
    f"POST {_PROMOTION}/activate": Row(MERCHANTS),
    f"POST {_PROMOTION}/pause": Row(MERCHANTS),
    f"POST {_PROMOTION}/end": Row(MERCHANTS),
    f"POST {_PROMOTION}/coupons": Row(MERCHANTS, {"count": 1}),
    f"GET {_PROMOTION}/coupons": Row(MERCHANTS),
    "PUT /api/v1/tax-rates": Row(MERCHANTS, RATES),
    "GET /api/v1/tax-rates": Row(MERCHANTS),
    "PUT /api/v1/products/{product_id}/tax-class": Row(MERCHANTS, {"taxClass": "standard"}),
    "PUT /api/v1/tax-classes": Row(MERCHANTS, {"category": "of the matrix", "taxClass": "standard"}),
    "POST /api/v1/quotes": Row(ANYBODY, {**LINES, "country": "GB"}),
}
_CART: Final = "/api/v1/carts/{cart_id}"
CARTS: Final = {
    "POST /api/v1/carts": Row(SHOPPERS),
    "GET /api/v1/carts": Row(SHOPPERS),
    f"GET {_CART}": cart(SUPPORT, None, 200),
    f"GET {_CART}/history": Row(SUPPORT),
    f"POST {_CART}/lines": cart(ADMIN, {"sku": "<sku>", "qty": 1}, 201),
    f"PUT {_CART}/lines/{{sku}}": cart(ADMIN, {"qty": 2}, 200),
    f"POST {_CART}/lines/{{sku}}/saved": cart(ADMIN, None, 200),
    f"DELETE {_CART}/lines/{{sku}}/saved": cart(ADMIN, None, 200),
    f"POST {_CART}/quote": cart(ADMIN, WISH, 201),
    f"POST {_CART}/checkout": cart(ADMIN, {"quoteToken": "made-up"}, 409),
    f"DELETE {_CART}/lines/{{sku}}": cart(ADMIN, None, 200),
}
_ORDER: Final = "/api/v1/orders/{order_id}"
_SHIPMENT: Final = "/api/v1/shipments/{shipment_id}"
_TASK: Final = "/api/v1/fulfillment-tasks/{shipment_id}"
LINES_APART: Final = {"lines": [{"sku": "<sku>", "qty": 1}]}
PACKING: Final = {"parcels": [{"weightG": 900, "lengthMm": 300, "widthMm": 200, "heightMm": 100}]}
TARIFF: Final = {"zone": "far", "method": "pickup", "currency": "XTS", "flat": 1}
_RETURN: Final = "/api/v1/returns/{return_id}"
RETURN: Final = {"lines": [{"sku": "<sku>", "qty": 1}], "reason": "DAMAGED"}
JSON: Final = {"Content-Type": "application/json"}
METHOD: Final = {"token": "tok_visa", "brand": "Visa", "last4": "4242", "expMonth": 12, "expYear": 2030}
REFUND: Final = {"amount": 1, "currency": "EUR", "reason": "broken"}
MOVED: Final = {"lines": [{"sku": "<sku>", "qty": 1}]}
ORDERS: Final = {
    "GET /api/v1/inventory/{sku}": Row(ANYBODY),
    "GET /api/v1/products/{product_id}/stock": Row(ANYBODY),
    "GET /api/v1/inventory": Row(WAREHOUSE | MERCHANTS),
    "POST /api/v1/inventory/{sku}/adjustments": Row(WAREHOUSE, {"delta": 1, "reason": "count"}),
    "PUT /api/v1/inventory/bundles/{sku}": Row(WAREHOUSE, {"parts": [{"sku": "<sku>", "qty": 1}]}),
    "POST /api/v1/inventory/reservations": Row(WAREHOUSE, LINES),
    "GET /api/v1/inventory/reservations/{reservation_id}": Row(WAREHOUSE),
    "POST /api/v1/inventory/reservations/{reservation_id}/confirm": Row(WAREHOUSE),
    "POST /api/v1/inventory/reservations/{reservation_id}/cancel": Row(WAREHOUSE),
    "POST /api/v1/inventory/transfers": Row(WAREHOUSE, {"source": "MAIN", "target": "NOWHERE", **MOVED}),
    "GET /api/v1/inventory/transfers/{transfer_id}": Row(WAREHOUSE),
    "POST /api/v1/inventory/transfers/{transfer_id}/receive": Row(WAREHOUSE, {}),
    "POST /api/v1/inventory/stocktakes": Row(WAREHOUSE, {"skus": ["<sku>"]}),
    "GET /api/v1/inventory/stocktakes/{stocktake_id}": Row(WAREHOUSE),
    "POST /api/v1/inventory/stocktakes/{stocktake_id}/counts": Row(WAREHOUSE, {"counted": {}}),
    "POST /api/v1/inventory/backorders": Row(WAREHOUSE, {"sku": "<sku>", "qty": 1}),
    "GET /api/v1/inventory/backorders/{backorder_id}": Row(WAREHOUSE),
    "POST /api/v1/inventory/backorders/{backorder_id}/cancel": Row(WAREHOUSE),
    "PUT /api/v1/inventory/{sku}/backordering": Row(WAREHOUSE, {"limit": 0}),
    "PUT /api/v1/inventory/{sku}/replenishment": Row(WAREHOUSE, {"lowThreshold": 5}),
    "GET /api/v1/replenishment-suggestions": Row(WAREHOUSE),
    "POST /api/v1/inventory/purchases": Row(WAREHOUSE, {"supplier": "Acme", **MOVED}),
    "GET /api/v1/inventory/purchases/{purchase_id}": Row(WAREHOUSE),
    "POST /api/v1/inventory/purchases/{purchase_id}/receipts": Row(WAREHOUSE, {"note": "N-1", **MOVED}),
    "POST /api/v1/inventory/purchases/{purchase_id}/close": Row(WAREHOUSE),
    "GET /api/v1/warehouses": Row(WAREHOUSE),
    "POST /api/v1/warehouses": Row(WAREHOUSE, {"code": "MATRIX", "name": "Matrix"}),
    "PUT /api/v1/warehouses/{code}": Row(WAREHOUSE, {"name": "Nobody's"}),
    "POST /api/v1/orders": Row(SHOPPERS, LINES),
    "GET /api/v1/orders": Row(SHOPPERS | SUPPORT),
    "GET /api/v1/orders/search": Row(SUPPORT),
    f"GET {_ORDER}": order(SUPPORT, None, 200),
    f"GET {_ORDER}/status": order(SUPPORT, None, 200),
    f"POST {_ORDER}/pay": order(ADMIN, {"paymentMethod": "simulated:approve"}, 202),
    f"POST {_ORDER}/payment/verify": order(ADMIN, None, 202),
    f"POST {_ORDER}/captures": Row(ADMIN, {}),
    f"POST {_ORDER}/void": Row(ADMIN),
    "POST /api/v1/payment-providers/{provider}/webhooks": Row(ANYBODY, raw=b"{}", also=JSON),
    "GET /api/v1/payment-methods": Row(CUSTOMERS),
    "POST /api/v1/payment-methods": Row(CUSTOMERS, METHOD),
    "DELETE /api/v1/payment-methods/{payment_method_id}": Row(
        NOBODY, own=own(204), hidden=CUSTOMERS, missing="no-such-payment-method"
    ),
    f"PATCH {_ORDER}": order(SUPPORT, {"items": [{"sku": "<sku>", "qty": 6}]}, 202, 409),
    f"POST {_ORDER}/cancel": order(SUPPORT, {}, 200, 202),
    f"POST {_ORDER}/refunds": Row(ADMIN, REFUND),
    f"GET {_ORDER}/payment": Row(SUPPORT),
    f"POST {_ORDER}/returns": order(SUPPORT, RETURN, 409),
    f"GET {_ORDER}/returns": order(SUPPORT | WAREHOUSE, None, 200),
    f"GET {_RETURN}": Row(SUPPORT | WAREHOUSE, hidden=BUYERS, missing="no-such-return"),
    f"POST {_RETURN}/cancel": Row(SUPPORT, hidden=BUYERS, missing="no-such-return"),
    f"POST {_RETURN}/approve": Row(SUPPORT),
    f"POST {_RETURN}/reject": Row(SUPPORT, {"why": "worn"}),
    f"POST {_RETURN}/receive": Row(WAREHOUSE, {"warehouse": "MAIN"}),
    f"POST {_RETURN}/inspect": Row(WAREHOUSE, {"lines": [{"sku": "<sku>", "restock": 1}]}),
    f"POST {_RETURN}/refund": Row(SUPPORT),
    f"GET {_ORDER}/shipment": Row(SUPPORT | WAREHOUSE, hidden=BUYERS, missing="no-such-shipment"),
    f"GET {_SHIPMENT}": Row(SUPPORT | WAREHOUSE, hidden=BUYERS, missing="no-such-shipment"),
    f"POST {_SHIPMENT}/dispatch": Row(WAREHOUSE, {}),
    f"POST {_SHIPMENT}/in-transit": Row(WAREHOUSE),
    f"POST {_SHIPMENT}/deliver": Row(WAREHOUSE),
    f"POST {_SHIPMENT}/lost": Row(WAREHOUSE),
    f"POST {_SHIPMENT}/returned-to-sender": Row(WAREHOUSE),
    f"POST {_SHIPMENT}/unpack": Row(WAREHOUSE, {"lines": [{"sku": "<sku>", "restock": 1}]}),
    f"POST {_SHIPMENT}/replace": Row(WAREHOUSE),
    f"GET {_ORDER}/shipments": Row(SUPPORT | WAREHOUSE, hidden=BUYERS, missing="no-such-shipment"),
    f"POST {_SHIPMENT}/split": Row(WAREHOUSE, LINES_APART),
    "GET /api/v1/fulfillment-tasks": Row(WAREHOUSE),
    "GET /api/v1/shipping/expected": Row(WAREHOUSE),
    f"POST {_TASK}/claim": Row(WAREHOUSE),
    f"POST {_TASK}/put-back": Row(WAREHOUSE),
    f"POST {_TASK}/hand-over": Row(WAREHOUSE),
    f"POST {_TASK}/picks": Row(WAREHOUSE, LINES_APART),
    f"POST {_TASK}/pack": Row(WAREHOUSE, PACKING),
    f"GET {_SHIPMENT}/parcels": Row(WAREHOUSE),
    f"GET {_SHIPMENT}/label": Row(WAREHOUSE),
    f"GET {_RETURN}/label": Row(SUPPORT | WAREHOUSE, hidden=BUYERS, missing="no-such-return"),
    "POST /api/v1/carriers/{carrier}/webhooks": Row(ANYBODY, raw=b"{}", also={"Content-Type": "application/json"}),
    "PUT /api/v1/shipping/tariffs": Row(MERCHANTS, TARIFF),
    "GET /api/v1/shipping/tariffs": Row(MERCHANTS),
    "PUT /api/v1/shipping/zones/{country}": Row(MERCHANTS, {"zone": "far"}),
    "PUT /api/v1/shipping/product-sizes/{sku}": Row(WAREHOUSE | MERCHANTS, PACKING["parcels"][0]),
    "GET /api/v1/shipping/rates": Row(ANYBODY, query="?country=GB"),
}
_REVIEW: Final = "/api/v1/reviews/{review_id}"
_WORDS: Final = {"stars": 3, "text": "Words."}
_PENDING: Final[dict[str, Any]] = {"missing": "no-such-review"}
REVIEWS: Final = {
    "POST /api/v1/products/{product_id}/reviews": Row(CUSTOMERS, _WORDS),
    "GET /api/v1/products/{product_id}/reviews": Row(ANYBODY),
    "GET /api/v1/reviews": Row(MODERATORS),
    f"GET {_REVIEW}": Row(MODERATORS, hidden=ANYBODY - MODERATORS, own=own(200), **_PENDING),
    f"PUT {_REVIEW}": Row(NOBODY, _WORDS, hidden=CUSTOMERS, own=own(200), **_PENDING),
    f"PUT {_REVIEW}/vote": Row(ADMIN, {"helpful": True}, hidden=CUSTOMER, own=own(409), **_PENDING),
    f"DELETE {_REVIEW}/vote": Row(ADMIN, hidden=CUSTOMER, own=own(409), **_PENDING),
    f"PUT {_REVIEW}/reply": Row(MODERATORS, {"text": "Thank you."}),
    f"DELETE {_REVIEW}": Row(MODERATORS, hidden=CUSTOMER, own=own(204), spare=True, **_PENDING),
    f"POST {_REVIEW}/moderation": Row(MODERATORS, {"accepted": True}),
    "GET /api/v1/products/{product_id}/recommendations": Row(ANYBODY),
    "GET /api/v1/recommendations": Row(ANYBODY),
    "GET /api/v1/recommendations/search": Row(NAMED, query="?q=a"),
    "POST /api/v1/assistant/messages": Row(NAMED, {"messages": [{"role": "user", "text": "?"}]}, away=True),
}
ANALYTICS: Final = {
    "GET /api/v1/analytics/revenue": Row(MERCHANTS),
    "GET /api/v1/analytics/daily-revenue": Row(MERCHANTS),
    "GET /api/v1/analytics/top-products": Row(MERCHANTS),
    "GET /api/v1/analytics/sales": Row(MERCHANTS),
    "GET /api/v1/analytics/sales/daily": Row(MERCHANTS),
    "GET /api/v1/analytics/exports/revenue.csv": Row(MERCHANTS),
    "GET /api/v1/analytics/exports/top-products.csv": Row(MERCHANTS),
}
_WEBHOOK: Final = "/api/v1/webhook-subscriptions/{subscription_id}"
WEBHOOKS: Final = {
    "POST /api/v1/webhook-subscriptions": Row(
        ADMIN, {"url": "https://partner.example/", "eventTypes": ["ecommerce.order.order.paid.v1"]}
    ),
    "GET /api/v1/webhook-subscriptions": Row(ADMIN),
    f"GET {_WEBHOOK}": Row(ADMIN),
    f"DELETE {_WEBHOOK}": Row(ADMIN),
    f"POST {_WEBHOOK}/pause": Row(ADMIN),
    f"POST {_WEBHOOK}/resume": Row(ADMIN),
    f"POST {_WEBHOOK}/secret": Row(ADMIN),
    f"GET {_WEBHOOK}/deliveries": Row(ADMIN),
    f"POST {_WEBHOOK}/redeliveries": Row(ADMIN, {"from": 1}),
}
MESSAGES: Final = {
    "GET /api/v1/notifications": Row(SUPPORT),
    "GET /api/v1/notifications/{message_id}": Row(SUPPORT),
    "POST /api/v1/notifications/{message_id}/bounce": Row(ADMIN),
    "PUT /api/v1/notifications/device": Row(CUSTOMERS, {"token": "made-up"}),
    "DELETE /api/v1/notifications/device": Row(CUSTOMERS),
    "GET /unsubscribe": Row(ANYBODY, query="?token=made-up"),
    "POST /unsubscribe": Row(ANYBODY, query="?token=made-up"),
    "GET /admin/messages": Row(ANYBODY),
    "GET /admin/messages.js": Row(ANYBODY),
}
MATRIX: Final[Mapping[str, Row]] = {
    **IDENTITY, **CUSTOMERS_ROWS, **CATALOG, **PRICING, **CARTS, **ORDERS, **REVIEWS, **WEBHOOKS, **MESSAGES,
    **ANALYTICS,
}  # fmt: skip


def filled(body: Any, sku: str) -> Any:
    """The body of a row, about this product."""
    if isinstance(body, dict):
        return {name: filled(value, sku) for name, value in body.items()}
    return [filled(one, sku) for one in body] if isinstance(body, list) else sku if body == "<sku>" else body

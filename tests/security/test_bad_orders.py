"""Row 10: orders that cannot be: each gets the problem document that fits, and nothing is written (S2, S8)."""

import gzip
import json
import zlib
from typing import Any, Final

import pytest

from tests.markets import Market
from tests.security.problems import nothing_written, problem
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.xdist_group("security")

SKU: Final = "<sku>"
GOOD: Final[dict[str, Any]] = {"items": [{"sku": SKU, "qty": 1}], "paymentMethod": "simulated:approve"}
BAD_ORDERS: Final[dict[str, tuple[Any, int, str]]] = {
    "an unknown SKU": ({"items": [{"sku": "NO-SUCH-THING", "qty": 1}]}, 422, "unknown-product"),
    "an unknown product": ({"items": [{"productId": str(new_id()), "qty": 1}]}, 422, "unknown-product"),
    "a good and an unknown SKU": (
        {"items": [{"sku": SKU, "qty": 1}, {"sku": "NO-SUCH-THING", "qty": 1}]}, 422, "unknown-product"
    ),
    "zero of it": ({"items": [{"sku": SKU, "qty": 0}]}, 422, "invalid-body"),
    "fewer than none": ({"items": [{"sku": SKU, "qty": -1}]}, 422, "invalid-body"),
    "an absurd quantity": ({"items": [{"sku": SKU, "qty": 100_001}]}, 422, "invalid-body"),
    "2 to the 63": ({"items": [{"sku": SKU, "qty": 2**63}]}, 422, "invalid-body"),
    "a number of 30 digits": ({"items": [{"sku": SKU, "qty": 10**30}]}, 422, "invalid-body"),
    "half a piece": ({"items": [{"sku": SKU, "qty": 0.5}]}, 422, "invalid-body"),
    "a quantity in words": ({"items": [{"sku": SKU, "qty": "1"}]}, 422, "invalid-body"),
    "a true quantity": ({"items": [{"sku": SKU, "qty": True}]}, 422, "invalid-body"),
    "no quantity": ({"items": [{"sku": SKU}]}, 422, "invalid-body"),
    "nothing named": ({"items": [{"qty": 1}]}, 422, "unknown-product"),
    "no items": ({"items": []}, 422, "invalid-body"),
    "items that are none": ({"items": {"sku": SKU, "qty": 1}}, 422, "invalid-body"),
    "too many lines": ({"items": [{"sku": SKU, "qty": 1}] * 1_001}, 422, "invalid-body"),
    "another currency": ({**GOOD, "currency": "USD"}, 422, "unfit-currency"),
    "no currency at all": ({**GOOD, "currency": "euros"}, 422, "invalid-body"),
    "an empty payment method": ({**GOOD, "paymentMethod": ""}, 422, "invalid-body"),
    "a long payment method": ({**GOOD, "paymentMethod": "x" * 101}, 422, "invalid-body"),
    "a country of three letters": ({**GOOD, "shippingAddress": {"country": "GBR"}}, 422, "invalid-body"),
    "an address without a country": ({**GOOD, "shippingAddress": {"city": "Leeds"}}, 422, "invalid-body"),
    "NUL in the address": ({**GOOD, "shippingAddress": {"country": "GB", "city": "a\0b"}}, 422, "invalid-body"),
    "an unknown field": ({**GOOD, "coupon": "FREE"}, 422, "invalid-body"),
    "an unknown field in a line": ({"items": [{"sku": SKU, "qty": 1, "gift": True}]}, 422, "invalid-body"),
    "a price of one's own": ({"items": [{"sku": SKU, "qty": 1, "price": 0.01}]}, 422, "invalid-body"),
    "a unit price of one's own": (
        {"items": [{"sku": SKU, "qty": 1, "unitPrice": {"minor": 1, "currency": "EUR"}}]}, 422, "invalid-body"
    ),
    **{
        f"a {name} of one's own": ({**GOOD, name: value}, 422, "invalid-body")
        for name, value in {
            "id": str(new_id()), "status": "PAID", "totalAmount": 0.01, "total": 0.01, "price": 0.01,
            "userId": "somebody-else", "user_id": "somebody-else", "tenant": "other", "role": "admin",
            "paid": True, "discountAmount": 12.5, "imported": {"userId": "x"}, "kind": "fee",
        }.items()
    },
    "a list": ([GOOD], 422, "invalid-body"),
    "a word": ("order", 422, "invalid-body"),
    "more than there is": ({"items": [{"sku": SKU, "qty": 100_000}]}, 409, "not-enough-stock"),
}  # fmt: skip

_TEXT = '{"items":[{"sku":"A","qty":1}]}'
BAD_BODIES: Final[dict[str, tuple[bytes, int, str]]] = {
    "no body": (b"", 400, "malformed-body"),
    "nothing": (b"null", 422, "invalid-body"),
    "half a document": (_TEXT[:-3].encode(), 400, "malformed-body"),
    "a document and a bit": ((_TEXT + "}").encode(), 400, "malformed-body"),
    "two documents": ((_TEXT + _TEXT).encode(), 400, "malformed-body"),
    "NaN": (b'{"items":[{"sku":"A","qty":NaN}]}', 400, "malformed-body"),
    "Infinity": (b'{"items":[{"sku":"A","qty":-Infinity}]}', 400, "malformed-body"),
    "1e400": (b'{"items":[{"sku":"A","qty":1e400}]}', 422, "invalid-body"),
    "a comment": (b"/* hello */" + _TEXT.encode(), 400, "malformed-body"),
    "quotes of another kind": (b"{'items': []}", 400, "malformed-body"),
    "not UTF-8": (b'{"items":[{"sku":"\xff\xfe","qty":1}]}', 400, "malformed-body"),
    "UTF-16": (_TEXT.encode("utf-16"), 400, "malformed-body"),
    "a byte order mark": (b"\xef\xbb\xbf" + _TEXT.encode(), 400, "malformed-body"),
    "half a surrogate pair": (b'{"items":[{"sku":"\\ud800","qty":1}]}', 400, "malformed-body"),
    "a control character": (b'{"items":[{"sku":"a\x01","qty":1}]}', 400, "malformed-body"),
    "NUL in a SKU": (b'{"items":[{"sku":"a\\u0000","qty":1}]}', 422, "invalid-body"),
    "a field said twice": (b'{"items":[{"sku":"A","qty":1,"qty":2}]}', 422, "invalid-body"),
    "a field said twice in disguise": (b'{"items":[{"sku":"A","qty":1,"\\u0071ty":2}]}', 422, "invalid-body"),
    "items said twice": (b'{"items":[{"sku":"A","qty":1}],"items":[]}', 422, "invalid-body"),
    "100,000 lists deep": (b"[" * 100_000 + b"]" * 100_000, 422, "invalid-body"),
    "100,000 lists deep in a field": (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422, "invalid-body"),
    "one byte too many": (b" " * (1024 * 1024 + 1), 413, "body-too-large"),
    "ten megabytes": (b'{"items":"' + b"x" * 10 * 1024 * 1024 + b'"}', 413, "body-too-large"),
}


def _filled(order: Any, sku: str) -> Any:
    return json.loads(json.dumps(order).replace(SKU, sku))


async def test_orders_that_cannot_be_are_refused_and_nothing_is_written(quiet_market: Market) -> None:
    buyer, sku = quiet_market.somebody(), await quiet_market.goods(stock=10)
    async with nothing_written(quiet_market):
        for name, (order, status, kind) in BAD_ORDERS.items():
            answer = await buyer.post("/api/v1/orders", _filled(order, sku), Idempotency_Key=name)
            print(f"{name}: {problem(answer, status, kind)['detail']}")
            assert answer.json().get("errors", [{}])[0].keys() >= ({"pointer", "detail"} if status == 422 else set())


async def test_an_order_in_two_currencies_is_refused(quiet_market: Market) -> None:
    euros, pounds = await quiet_market.goods(stock=1), await quiet_market.goods(stock=1, currency="GBP")
    mixed = {"items": [{"sku": euros, "qty": 1}, {"sku": pounds, "qty": 1}]}
    async with nothing_written(quiet_market):
        found = problem(await quiet_market.somebody().post("/api/v1/orders", mixed), 422, "unfit-currency")
    assert found["currencies"] == ["EUR", "GBP"]


async def _post_raw(market: Market, body: bytes, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    token = market.somebody().token
    return await market.http.post(
        "/api/v1/orders",
        content=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", **named},
    )


async def test_strange_bodies_are_refused_and_nothing_is_written(quiet_market: Market) -> None:
    async with nothing_written(quiet_market):
        for name, (body, status, kind) in BAD_BODIES.items():
            found = problem(await _post_raw(quiet_market, body), status, kind)
            print(f"{name}: {found['detail'][:100]}")
    assert (await quiet_market.nobody.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b" " * 200_000_000, compresslevel=1)[: 1024 * 1024]),
        ("gzip", gzip.compress(_TEXT.encode())),
        ("deflate", zlib.compress(_TEXT.encode())),
        ("br", b"\x0b\x02\x80\x03"),
        ("gzip, gzip", gzip.compress(gzip.compress(_TEXT.encode()))),
    ],
    ids=["a bomb", "gzip", "deflate", "brotli", "gzip twice"],
)
async def test_compressed_bodies_are_never_unpacked(quiet_market: Market, encoding: str, body: bytes) -> None:
    problem(await _post_raw(quiet_market, body, Content_Encoding=encoding), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "*/*", ""],
)
async def test_bodies_of_another_kind_are_refused(quiet_market: Market, kind: str) -> None:
    problem(await _post_raw(quiet_market, _TEXT.encode(), Content_Type=kind), 415, "unsupported-media-type")


async def test_big_bodies_leave_the_edge_as_small_as_it_was(quiet_market: Market) -> None:
    child = quiet_market.children[quiet_market.urls[0]]
    big, deep = b'{"items":"' + b"x" * 20 * 1024 * 1024 + b'"}', b"[" * 500_000
    for body in (big, deep):
        await _post_raw(quiet_market, body)
    before = resident_mb(child.pid)
    for _ in range(20):
        problem(await _post_raw(quiet_market, big), 413, "body-too-large")
        problem(await _post_raw(quiet_market, deep), 422, "invalid-body")
    grown = resident_mb(child.pid) - before
    print(f"40 big and deep bodies: {grown:+.1f} MB resident")
    assert grown <= 20
    assert child.poll() is None


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

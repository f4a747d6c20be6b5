"""S0-112: the parser of orders under fire: any bytes at all give an order that keeps every rule, or a refusal."""

import json
from typing import Any, Final

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tradewind.api.rest import bodies, problems
from tradewind.contexts.orders.place_order.command import MAX_LINES, MAX_QUANTITY
from tradewind.contexts.orders.place_order.rest import NewOrder
from tradewind.kernel.errors import Invalid

DECODER: Final = msgspec.json.Decoder(NewOrder)
GOOD: Final = (
    b'{"items":[{"sku":"A-1","qty":2}],"paymentMethod":"m","shippingAddress":{"country":"GB"},"currency":"GBP"}'
)
EXAMPLES: Final = 250

names = st.sampled_from("items qty sku productId product_id paymentMethod shippingAddress country currency".split())
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.uuids().map(str) | st.just("GB"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
lines = st.fixed_dictionaries({"qty": st.integers(-2, MAX_QUANTITY + 2)}, optional={"sku": st.text(max_size=66)})
orders = st.fixed_dictionaries(
    {"items": st.lists(lines, max_size=4)},
    optional={"currency": st.text(max_size=4), "paymentMethod": st.text(max_size=102), "shippingAddress": values},
)


def check(body: bytes) -> None:
    """An order within all bounds, or a refusal that can be written down."""
    try:
        order = bodies.decode_json(body, DECODER)
    except Invalid as refusal:
        document = json.loads(problems.document(refusal, instance="/api/v1/orders", trace_id="0" * 32))
        assert document["status"] in (400, 422)
        assert document["detail"]
        return
    said = msgspec.json.encode(order)
    assert b"\\u0000" not in said
    said.decode().encode("utf-8")
    assert 1 <= len(order.items) <= MAX_LINES
    assert all(1 <= line.qty <= MAX_QUANTITY for line in order.items)
    assert bodies.decode_json(said, DECODER) == order


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=300))
@example(b"")
@example(b"\xef\xbb\xbf{}")
def test_any_bytes_at_all_are_an_order_or_a_refusal(body: bytes) -> None:
    check(body)


@settings(max_examples=EXAMPLES, deadline=None)
@given(values)
def test_any_json_at_all_is_an_order_or_a_refusal(value: Any) -> None:
    check(json.dumps(value).encode())


@settings(max_examples=EXAMPLES, deadline=None)
@given(orders)
def test_anything_like_an_order_is_one_or_a_refusal(order: Any) -> None:
    check(json.dumps(order).encode())
    check(json.dumps(order, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, 3)), max_size=5))
def test_a_good_order_with_bytes_gone_wrong_is_an_order_or_a_refusal(wounds: list[tuple[int, int, int]]) -> None:
    body = bytearray(GOOD)
    for at, byte, kind in wounds:
        match kind:
            case 0:
                body[at % len(body)] = byte
            case 1:
                body.insert(at, byte)
            case 2:
                del body[at % len(body)]
            case _:
                body[at:at] = body[: at // 2]
        body = body or bytearray(b"{")
    check(bytes(body))

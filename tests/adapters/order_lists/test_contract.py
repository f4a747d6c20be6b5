"""What every keeper of customers' lists must do, whichever engine it is. An adapter added here must pass all of it."""

from datetime import timedelta

from tests.adapters.order_lists.conftest import Shown, Told
from tests.adapters.order_lists.told import FIRST, NOON, claimed, edited, lives, paid, placed, reserved
from tradewind.ports.order_lists import Listed


async def test_who_bought_nothing_has_an_empty_list(shown: Shown) -> None:
    await shown.hear([(1, placed("ann"))])
    assert list(await shown.newest("bob", FIRST, 10)) == []


async def test_a_list_is_newest_first_and_goes_on_behind_any_key_also_among_orders_of_one_moment(shown: Shown) -> None:
    orders = [placed("ann", at=NOON + timedelta(microseconds=number // 3)) for number in range(10)]
    await shown.hear(list(enumerate(orders, 1)))
    expected = sorted(((one.placed_at, one.order_id) for one in orders), reverse=True)
    assert [(one.placed_at, one.order_id) for one in await shown.newest("ann", FIRST, 100)] == expected
    walked, key = [], FIRST
    while page := await shown.newest("ann", key, 3):
        walked += [(one.placed_at, one.order_id) for one in page]
        key = walked[-1]
    assert walked == expected


async def test_an_order_shows_its_last_status_and_total_to_the_cent(shown: Shown) -> None:
    order = placed("ann", total="90071992547.93")
    yen = placed("ann", total="12", currency="JPY", at=NOON + timedelta(microseconds=1))
    await shown.hear([(1, order), (2, yen)])
    await shown.hear([(3, edited(order, "90071992547.91")), (4, paid(order))])
    assert list(await shown.newest("ann", FIRST, 10)) == [
        Listed(yen.order_id, NOON + timedelta(microseconds=1), "PENDING_RESERVATION", 12, "JPY"),
        Listed(order.order_id, NOON, "PAID", 9007199254791, "EUR"),
    ]


async def test_what_comes_twice_shows_once(shown: Shown) -> None:
    order = placed("ann")
    told: list[Told] = [(1, order), (2, edited(order, "7.00")), (3, paid(order))]
    for again in (told, told[:1], told[1:], told):
        await shown.hear(again)
    assert list(await shown.newest("ann", FIRST, 10)) == [Listed(order.order_id, NOON, "PAID", 700, "EUR")]


async def test_an_order_that_is_claimed_lies_in_its_new_owners_list_alone(shown: Shown) -> None:
    order = placed("guest-1")
    told: list[Told] = [(1, order), (2, paid(order)), (3, claimed(order, "ann"))]
    for again in (told[:2], told[2:], told):
        await shown.hear(again)
    assert list(await shown.newest("guest-1", FIRST, 10)) == []
    assert list(await shown.newest("ann", FIRST, 10)) == [Listed(order.order_id, NOON, "PAID", 1000, "EUR")]


async def test_that_goods_are_held_takes_no_later_status_away(shown: Shown) -> None:
    order = placed("ann")
    await shown.hear([(1, order), (2, paid(order))])
    await shown.hear([(3, reserved(order))])
    assert [one.status for one in await shown.newest("ann", FIRST, 10)] == ["PAID"]


async def test_a_customers_name_is_taken_as_it_is_whatever_it_looks_like(shown: Shown) -> None:
    odd = "x'; DROP TABLE orders_by_customer; -- é"
    await shown.hear([(1, placed(odd)), (2, placed("x'"))])
    assert len(await shown.newest(odd, FIRST, 10)) == 1


async def test_however_many_orders_are_told_of_at_once_all_show(shown: Shown) -> None:
    told = lives(7, orders=90)
    await shown.hear(told)
    found = [await shown.newest(f"user-{number}", FIRST, 100) for number in range(6)]
    assert sum(map(len, found)) == 90

"""Promotions and their codes as staff write them."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.pricing._domain.coupon import CodeTaken, InvalidCoupon, NoCouponsHere
from tradewind.contexts.pricing._domain.promotion import (
    LIFECYCLE,
    AmountOff,
    BuyXGetY,
    InvalidPromotion,
    NoSuchPromotion,
    Percentage,
    State,
    Terms,
    TooManyPromotions,
)
from tradewind.contexts.pricing._domain.promotion_view import Draft
from tradewind.contexts.pricing._store import promotions
from tradewind.contexts.pricing.activate_promotion.command import ActivatePromotion
from tradewind.contexts.pricing.change_promotion.command import ChangePromotion, PromotionEnded
from tradewind.contexts.pricing.create_promotion.command import CreatePromotion
from tradewind.contexts.pricing.end_promotion.command import EndPromotion
from tradewind.contexts.pricing.list_coupons.query import ListCoupons
from tradewind.contexts.pricing.list_promotions.query import GetPromotion, ListPromotions
from tradewind.contexts.pricing.make_coupons.command import MakeCoupons
from tradewind.contexts.pricing.pause_promotion.command import PausePromotion
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.versions import Outdated

STAFF = ("merchandiser",)
TEN = Terms(benefit=Percentage(percent=Decimal(10)))
MOVES = {"Activated": ActivatePromotion, "Paused": PausePromotion, "Ended": EndPromotion}


async def do(shop: Any, command: Any) -> Any:
    return await shop.dispatch(command, a_call("merchandiser", subject="maria"))


async def a_draft(shop: Any, *, needs_coupon: bool = False, **different: Any) -> Any:
    draft = Draft(**{"name": "ten off", "terms": TEN, **different})
    return await do(shop, CreatePromotion(draft=draft, needs_coupon=needs_coupon))


async def test_a_customer_makes_no_promotions_and_sees_no_codes(shop: Any) -> None:
    made = await a_draft(shop, needs_coupon=True)
    for command in (CreatePromotion(draft=Draft(name="x", terms=TEN)), ListCoupons(promotion_id=made.id)):
        with pytest.raises(Forbidden):
            await shop.dispatch(command, a_call("customer"))
    assert await shop.db.pool.fetchval("SELECT count(*) FROM pricing.promotion") == 1


@pytest.mark.parametrize(
    ("terms", "different", "pointers"),
    [
        (Terms(benefit=Percentage(percent=Decimal(101))), {}, ["/benefit/percent"]),
        (Terms(benefit=Percentage(percent=Decimal("NaN"))), {}, ["/benefit/percent"]),
        (Terms(benefit=AmountOff(amount=Decimal(5))), {}, ["/currency"]),
        (Terms(benefit=AmountOff(amount=Decimal("0.5"))), {"currency": "JPY"}, ["/benefit/amount"]),
        (Terms(benefit=BuyXGetY(buy=0, get=1)), {}, ["/benefit/buy"]),
        (TEN, {"name": " ", "max_uses": 5}, ["/maxUses", "/name"]),
    ],
)
async def test_a_promotion_that_breaks_rules_is_refused(
    shop: Any, terms: Terms, different: dict[str, Any], pointers: list[str]
) -> None:
    with pytest.raises(InvalidPromotion) as refused:
        await a_draft(shop, terms=terms, **different)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == pointers
    assert await shop.db.pool.fetchval("SELECT count(*) FROM pricing.promotion") == 0


async def test_of_two_who_change_one_version_one_is_told(shop: Any) -> None:
    made = await a_draft(shop)
    tries = [
        do(shop, ChangePromotion(promotion_id=made.id, draft=Draft(name=name, terms=TEN), expected=1))
        for name in ("mine", "yours")
    ]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Outdated", "Promotion"]
    assert (await do(shop, GetPromotion(promotion_id=made.id))).version == 2
    with pytest.raises(Outdated):
        await do(shop, ActivatePromotion(promotion_id=made.id, expected=1))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("by", ["Activated", "Paused", "Ended"])
async def test_a_promotion_moves_as_its_lifecycle_says_and_not_otherwise(shop: Any, state: State, by: str) -> None:
    made = await a_draft(shop)
    await shop.db.pool.execute("UPDATE pricing.promotion SET state = $1", state.value)
    target = {(source, event.__name__): end for source, event, end in LIFECYCLE.arrows}.get((state, by))
    if target is None:
        with pytest.raises(IllegalMove):
            await do(shop, MOVES[by](promotion_id=made.id))
    else:
        assert (await do(shop, MOVES[by](promotion_id=made.id))).state is target


async def test_what_has_ended_is_kept_as_it_was(shop: Any) -> None:
    made = await a_draft(shop)
    await do(shop, EndPromotion(promotion_id=made.id))
    with pytest.raises(PromotionEnded):
        await do(shop, ChangePromotion(promotion_id=made.id, draft=Draft(name="again", terms=TEN), expected=None))
    with pytest.raises(NoSuchPromotion):
        await do(shop, EndPromotion(promotion_id=new_id()))


async def test_no_more_promotions_count_for_everybody_than_a_quote_can_look_at(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotions, "MAX_FOR_EVERYBODY", 3)
    made = [await a_draft(shop) for _ in range(6)]
    tries = [do(shop, ActivatePromotion(promotion_id=one.id)) for one in made]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, TooManyPromotions) for answer in answers) == 3
    page = await do(shop, ListPromotions(state=State.ACTIVE, limit=2))
    rest = await do(shop, ListPromotions(state=State.ACTIVE, cursor=page.next))
    assert len({one.id for one in (*page.items, *rest.items)}) == 3


async def test_a_code_belongs_to_one_promotion_that_needs_it(shop: Any) -> None:
    for_all, needs, other = (
        await a_draft(shop),
        await a_draft(shop, needs_coupon=True),
        await a_draft(shop, needs_coupon=True),
    )
    with pytest.raises(NoCouponsHere):
        await do(shop, MakeCoupons(promotion_id=for_all.id, code="SAVE10"))
    for wrong in ({}, {"code": "SAVE10", "count": 2}, {"code": "no blanks"}, {"count": 0}):
        with pytest.raises(InvalidCoupon):
            await do(shop, MakeCoupons(promotion_id=needs.id, **wrong))
    await do(shop, MakeCoupons(promotion_id=needs.id, code="Save10", max_uses=5))
    with pytest.raises(CodeTaken):
        await do(shop, MakeCoupons(promotion_id=other.id, code="SAVE10"))
    rows = await shop.db.pool.fetch("SELECT code, promotion_id, max_uses FROM pricing.coupon")
    assert [tuple(row) for row in rows] == [("SAVE10", needs.id, 5)]


async def test_made_up_codes_are_listed_page_by_page(shop: Any) -> None:
    made = await a_draft(shop, needs_coupon=True)
    batch = await do(shop, MakeCoupons(promotion_id=made.id, count=5, prefix="x-", max_uses=2))
    page = await do(shop, ListCoupons(promotion_id=made.id, limit=3))
    rest = await do(shop, ListCoupons(promotion_id=made.id, cursor=page.next))
    assert [one.code for one in (*page.items, *rest.items)] == sorted(batch.codes)
    assert {(one.batch_id, one.batch_max_uses, one.uses) for one in page.items} == {(batch.batch_id, 2, 0)}
    audited = await shop.db.pool.fetch("SELECT DISTINCT actor, action FROM runtime.audit_entry ORDER BY 2")
    assert [tuple(row) for row in audited] == [
        ("maria", "pricing.create_promotion"),
        ("maria", "pricing.make_coupons"),
    ]

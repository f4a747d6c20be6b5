"""POST /api/v1/promotions."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.pricing._domain.promotion import (
    MAX_NAME,
    MAX_PRIORITY,
    Benefit,
    Conditions,
    InvalidPromotion,
    Terms,
)
from tradewind.contexts.pricing._domain.promotion_view import MAX_USES, Draft, Promotion
from tradewind.contexts.pricing.create_promotion.command import CreatePromotion

Limit = Annotated[int, Meta(ge=1, le=MAX_USES)]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
Moment = Annotated[datetime, Meta(tz=True)]


class PromotionRule(Body, frozen=True):
    """What a promotion gives and asks for; the guide on pricing has examples. Amounts are of `currency`."""

    name: Name
    benefit: Benefit
    conditions: Conditions = Conditions()
    priority: Annotated[int, Meta(ge=-MAX_PRIORITY, le=MAX_PRIORITY)] = 0
    exclusive: bool = False
    combines: Name = "standard"
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    valid_from: Moment | None = None
    valid_to: Moment | None = None
    max_uses: Limit | None = None
    max_per_customer: Limit | None = None

    def draft(self) -> Draft:
        """As the commands take it."""
        return Draft(
            name=self.name,
            terms=Terms(
                benefit=self.benefit,
                conditions=self.conditions,
                priority=self.priority,
                exclusive=self.exclusive,
                combines=self.combines,
            ),
            currency=self.currency,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            max_uses=self.max_uses,
            max_per_customer=self.max_per_customer,
        )


class NewPromotion(PromotionRule, frozen=True):
    """A rule, and whether it needs one of its codes to count."""

    needs_coupon: bool = False


@post("/api/v1/promotions", status=201, raises=(InvalidPromotion,))
async def create_promotion(body: NewPromotion, call: Call, dispatch: Dispatch) -> Promotion:
    """Write down a promotion. It is a draft and does not count until it is activated."""
    command = CreatePromotion(draft=body.draft(), needs_coupon=body.needs_coupon)
    answer: Promotion = await dispatch(command, call)
    return answer

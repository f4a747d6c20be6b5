"""The journeys of tests/journeys/features, told in Gherkin, through a served shop; their steps are in steps.py."""

import pytest
from pytest_bdd import scenario

pytestmark = [pytest.mark.xdist_group("journeys"), pytest.mark.usefixtures("market")]


@scenario("features/guest.feature", "From a mistyped search to a confirmed order")
def test_from_a_mistyped_search_to_a_confirmed_order() -> None:
    """In Gherkin."""


@scenario("features/guest.feature", "The price shown is charged although it has changed since")
def test_the_price_shown_is_charged_although_it_has_changed_since() -> None:
    """In Gherkin."""


@scenario("features/guest.feature", "A cart that changed after the quote is not charged by it")
def test_a_cart_that_changed_after_the_quote_is_not_charged_by_it() -> None:
    """In Gherkin."""


@scenario("features/guest.feature", "Somebody else's cart is none")
def test_somebody_elses_cart_is_none() -> None:
    """In Gherkin."""


@scenario("features/guest.feature", "A cart becomes one order, however often it is checked out")
def test_a_cart_becomes_one_order_however_often_it_is_checked_out() -> None:
    """In Gherkin."""


@scenario("features/registered.feature", "A guest registers, keeps the cart, buys with a coupon and reviews")
def test_a_guest_registers_keeps_the_cart_buys_with_a_coupon_and_reviews() -> None:
    """In Gherkin."""


@scenario("features/registered.feature", "An order placed as a guest is claimed once the address is proved, not before")
def test_an_order_placed_as_a_guest_is_claimed_once_the_address_is_proved_not_before() -> None:
    """In Gherkin."""


@scenario("features/registered.feature", "Logging out ends the session at once")
def test_logging_out_ends_the_session_at_once() -> None:
    """In Gherkin."""


@scenario("features/merchant.feature", "A new product can be found, and not any more once it is archived")
def test_a_new_product_can_be_found_and_not_any_more_once_it_is_archived() -> None:
    """In Gherkin."""


@scenario("features/merchant.feature", "A flash sale sells what it promised, and no more")
def test_a_flash_sale_sells_what_it_promised_and_no_more() -> None:
    """In Gherkin."""


@scenario("features/merchant.feature", "Only an administrator overrides a price, and says why")
def test_only_an_administrator_overrides_a_price_and_says_why() -> None:
    """In Gherkin."""

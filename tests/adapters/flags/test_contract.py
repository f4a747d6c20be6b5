"""What both who say what is switched on promise."""

from typing import Final

from prometheus_client import REGISTRY

from tests.adapters.flags.owners import Owner
from tradewind.ports.flags import ASSISTANT, CHECKOUT, FLAGS, RECOMMENDATIONS, Flag

MANY: Final = 10_000
CUSTOMERS: Final = [f"customer-{number}" for number in range(MANY)]
NEVER_HEARD_OF: Final = Flag("never_heard_of", True, "nothing")
NOR_OF_THIS: Final = Flag("nor_of_this", False, "nothing")


def counted(flag: Flag, value: str) -> float:
    return REGISTRY.get_sample_value("flag_evaluations_total", {"flag": flag.name, "value": value}) or 0.0


async def test_where_nothing_is_said_the_defaults_hold(owner: Owner) -> None:
    assert [owner.flags.on(flag, "ada") for flag in FLAGS] == [flag.default for flag in FLAGS]
    assert {one.source.split(":")[0] for one in owner.flags.standings()} == {"default"}


async def test_a_flag_is_off_and_on_again_while_the_shop_runs(owner: Owner) -> None:
    for percent in (0, 100, 0):
        await owner.say(CHECKOUT, percent)
        await owner.sees(lambda: owner.flags.on(CHECKOUT) is (percent == 100))  # noqa: B023 -- called at once
        standing = next(one for one in owner.flags.standings() if one.flag is CHECKOUT)
        assert standing.value == ("on" if percent else "off")
        assert owner.flags.on(RECOMMENDATIONS, "ada"), "nothing was said of others"


async def test_what_is_the_same_for_all_is_the_same_for_each(owner: Owner) -> None:
    await owner.say(CHECKOUT, 0)
    await owner.sees(lambda: not owner.flags.on(CHECKOUT))
    assert not any(owner.flags.on(CHECKOUT, one) for one in CUSTOMERS[:100])


async def test_a_gradual_roll_out_is_about_right_and_each_customer_is_always_told_the_same(owner: Owner) -> None:
    await owner.say(RECOMMENDATIONS, 25)
    await owner.sees(lambda: not all(owner.flags.on(RECOMMENDATIONS, one) for one in CUSTOMERS[:100]))
    first = {one for one in CUSTOMERS if owner.flags.on(RECOMMENDATIONS, one)}
    assert abs(len(first) / MANY - 0.25) < 0.02
    elsewhere = await owner.another()
    assert {one for one in CUSTOMERS if elsewhere.on(RECOMMENDATIONS, one)} == first
    assert len({owner.flags.on(RECOMMENDATIONS) for _ in range(50)}) == 1, "who has no name is one customer"
    assert "some" in standing(owner) or "25 %" in standing(owner)

    await owner.say(RECOMMENDATIONS, 50)
    await owner.sees(lambda: sum(owner.flags.on(RECOMMENDATIONS, one) for one in CUSTOMERS[:1000]) > 400)
    more = {one for one in CUSTOMERS if owner.flags.on(RECOMMENDATIONS, one)}
    assert abs(len(more) / MANY - 0.5) < 0.02
    assert first < more, "who had it keeps it"


def standing(owner: Owner) -> str:
    return next(one.value for one in owner.flags.standings() if one.flag is RECOMMENDATIONS)


async def test_two_roll_outs_are_not_to_the_same_customers(owner: Owner) -> None:
    await owner.say(RECOMMENDATIONS, 50)
    await owner.say(ASSISTANT, 50)
    await owner.sees(lambda: not all(owner.flags.on(ASSISTANT, one) for one in CUSTOMERS[:100]))
    both = sum(owner.flags.on(RECOMMENDATIONS, one) and owner.flags.on(ASSISTANT, one) for one in CUSTOMERS)
    assert abs(both / MANY - 0.25) < 0.02


async def test_a_flag_that_nobody_has_heard_of_is_what_its_default_says(owner: Owner) -> None:
    await owner.say(CHECKOUT, 0)
    await owner.sees(lambda: not owner.flags.on(CHECKOUT))
    assert owner.flags.on(NEVER_HEARD_OF)
    assert not owner.flags.on(NOR_OF_THIS)


async def test_each_question_is_counted_without_who_it_was_about(owner: Owner) -> None:
    before = counted(RECOMMENDATIONS, "on")
    for customer in ("ada", "ada", "grace"):
        owner.flags.on(RECOMMENDATIONS, customer)
    assert counted(RECOMMENDATIONS, "on") == before + 3

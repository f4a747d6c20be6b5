"""Preferences: only what can be used, and an agreement keeps its time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tradewind.contexts.customers._domain.contacts import Channel
from tradewind.contexts.customers._domain.profile import InvalidProfile
from tradewind.kernel import clock
from tradewind.kernel.versions import Outdated

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("preferred", "agreed", "pointers"),
    [
        (Channel.SMS, (), ["/preferredChannel"]),
        (None, (Channel.SMS,), ["/marketing/SMS"]),
        (Channel.SMS, (Channel.EMAIL, Channel.SMS), ["/preferredChannel", "/marketing/SMS"]),
    ],
)
async def test_a_channel_that_nothing_takes_is_refused(
    people: Any, preferred: Channel | None, agreed: tuple[Channel, ...], pointers: list[str]
) -> None:
    await people.reach("ada", people.email, people.landline)
    before = await people.written()
    with pytest.raises(InvalidProfile) as refused:
        await people.prefer("ada", preferred, *agreed)
    assert [error["pointer"] for error in refused.value.facts["errors"]] == pointers
    assert await people.written() == before


async def test_who_looked_at_an_older_version_is_told(people: Any) -> None:
    await people.reach("ada", people.email)
    await people.prefer("ada", Channel.EMAIL, expected=0)
    with pytest.raises(Outdated):
        await people.prefer("ada", None, expected=0)


async def test_an_agreement_keeps_the_time_at_which_it_was_given(people: Any) -> None:
    await people.reach("ada", people.email, people.landline)
    with clock.held(NOON):
        await people.prefer("ada", Channel.PHONE, Channel.EMAIL)
    with clock.held(NOON + timedelta(hours=1)):
        again = await people.prefer("ada", Channel.PHONE, Channel.EMAIL, Channel.PHONE)
    assert [(one.channel, one.since) for one in again.marketing] == [
        (Channel.EMAIL, NOON), (Channel.PHONE, NOON + timedelta(hours=1)),
    ]  # fmt: skip
    assert (await people.prefer("ada", Channel.PHONE)).marketing == ()
    assert again.version == 2

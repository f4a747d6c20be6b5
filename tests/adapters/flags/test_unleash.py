"""An Unleash that is away, comes back, refuses us or talks nonsense: what was said last holds, or the defaults."""

import asyncio
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest

from tests.adapters.flags.owners import TOKEN, PlayedUnleash, WithUnleash
from tests.adapters.order_lists.conftest import Wire
from tests.engines import address
from tools.engines.flags import CLIENT_TOKEN
from tradewind.adapters.flags import unleash as adapter
from tradewind.adapters.flags.open_feature import OpenFeatureFlags
from tradewind.adapters.flags.unleash import UnleashFlags, unleash
from tradewind.app.free_ports import free_port
from tradewind.app.settings import SettingError, Settings
from tradewind.ports.flags import CHECKOUT, FLAGS, RECOMMENDATIONS
from tradewind.runtime.telemetry.logs import log

PLAYED = pytest.mark.adapter("unleash", played=True)
HALF = [{"name": "flexibleRollout", "parameters": {"rollout": "50", "stickiness": "default", "groupId": "x"}}]


def told(*features: Any) -> bytes:
    return msgspec.json.encode({"version": 2, "features": features})


def off(name: str) -> dict[str, Any]:
    return {"name": name, "enabled": False, "strategies": []}


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged as an error."""
    found: list[str] = []
    monkeypatch.setattr(log, "error", lambda event, **facts: found.append(f"{event} {facts}"))
    return found


@PLAYED
async def test_where_unleash_is_away_at_the_start_the_defaults_hold_and_the_log_says_so(errors: list[str]) -> None:
    async with unleash(f"http://127.0.0.1:{free_port('127.0.0.1')}", TOKEN, every_s=0.01) as source:
        flags = OpenFeatureFlags(source)
        assert [flags.on(flag) for flag in FLAGS] == [flag.default for flag in FLAGS]
        assert {one.source for one in flags.standings()} == {"default: unleash was never heard"}
        await source.poll()
    (error,) = errors
    assert "does not answer" in error
    assert "until then the defaults hold" in error


@PLAYED
async def test_an_unleash_that_hangs_holds_up_a_start_for_no_longer_than_said(
    played: PlayedUnleash, errors: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "ANSWER_S", 0.05)
    played.answers.clear()
    async with asyncio.timeout(30), unleash(played.url, TOKEN) as source:
        assert OpenFeatureFlags(source).on(CHECKOUT)
        assert "does not answer (TimeoutError)" in source.trouble
        played.answers.set()


@PLAYED
async def test_what_it_said_last_holds_while_it_is_away_and_it_is_heard_again_when_it_is_back(
    played: PlayedUnleash, http: aiohttp.ClientSession, errors: list[str]
) -> None:
    played.body = told(off("checkout"))
    source = UnleashFlags(http, played.url, TOKEN)
    flags = OpenFeatureFlags(source)
    await source.poll()
    assert not flags.on(CHECKOUT)
    for status, body in (
        (503, b""),
        (200, b"<html>"),
        (200, b'{"features": 1}'),
        (200, b'{"features": [{}]}'),
        (200, b'{"features":[{"name":"checkout","enabled":true}]}'),
        (200, told({"name": "checkout", "enabled": True, "strategies": [{}]})),
    ):
        played.status, played.body = status, body
        await source.poll()
        assert not flags.on(CHECKOUT)
    assert len(errors) == 2, "once for each reason"
    assert all("what it said last holds" in one for one in errors)
    played.body = told()
    await source.poll()
    assert source.trouble == ""
    assert flags.on(CHECKOUT), "it has forgotten the flag, so the default holds"


@PLAYED
async def test_flags_that_its_engine_cannot_read_change_none_and_are_told_of(
    played: PlayedUnleash, http: aiohttp.ClientSession, errors: list[str]
) -> None:
    half = {"name": "recommendations", "enabled": True, "strategies": HALF}
    unreadable = {"name": "of others", "enabled": True, "strategies": [{"name": "x", "parameters": {"rollout": 7}}]}
    played.body = told(off("checkout"), half)
    source = UnleashFlags(http, played.url, TOKEN)
    flags = OpenFeatureFlags(source)
    await source.poll()
    chosen = [flags.on(RECOMMENDATIONS, f"customer-{number}") for number in range(100)]
    assert {True, False} == set(chosen)
    on = {"name": "checkout", "enabled": True, "strategies": [{"name": "default"}]}
    played.body = told(on, {**half, "strategies": []}, unreadable)
    for _ in range(2):
        await source.poll()
        assert not flags.on(CHECKOUT)
        assert [flags.on(RECOMMENDATIONS, f"customer-{number}") for number in range(100)] == chosen
    (error,) = errors
    assert "its own engine does not understand" in error
    played.body = told({**half, "strategies": []})
    await source.poll()
    assert source.trouble == ""
    assert all(flags.on(RECOMMENDATIONS, f"customer-{number}") for number in range(100))


@PLAYED
async def test_a_token_that_it_does_not_take_is_told_and_never_shown(
    played: PlayedUnleash, http: aiohttp.ClientSession, errors: list[str]
) -> None:
    source = UnleashFlags(http, played.url, "*:development.hunter2")
    await source.poll()
    assert "does not take the token" in errors[0]
    assert "hunter2" not in errors[0]


@PLAYED
async def test_what_has_not_changed_is_not_sent_again(played: PlayedUnleash, http: aiohttp.ClientSession) -> None:
    source = UnleashFlags(http, played.url, TOKEN)
    for _ in range(3):
        await source.poll()
    assert [bool(one) for one in played.asked] == [False, True, True]
    assert source.generation == 1


@PLAYED
async def test_more_than_its_bound_is_not_read(
    played: PlayedUnleash, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "MAX_BYTES", 10)
    source = UnleashFlags(http, played.url, TOKEN)
    await source.poll()
    assert "tells more than" in source.trouble


@PLAYED
async def test_the_poller_hears_of_a_change_by_itself_and_ends_with_the_shop(played: PlayedUnleash) -> None:
    before = asyncio.all_tasks()
    async with asyncio.timeout(30), unleash(played.url, TOKEN, every_s=0.01) as source:
        flags = OpenFeatureFlags(source)
        assert flags.on(CHECKOUT)
        played.body = told(off("checkout"), {"name": "recommendations", "enabled": True, "strategies": HALF})
        asked = len(played.asked)
        while len(played.asked) < asked + 2:  # the first of the two may have been on its way  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not flags.on(CHECKOUT)
        assert 300 < sum(flags.on(RECOMMENDATIONS, f"customer-{number}") for number in range(1_000)) < 700
    assert [one for one in asyncio.all_tasks() - before if "follow" in repr(one)] == []


@PLAYED
async def test_the_command_tells_how_each_flag_stands_and_ends_with_1_where_nobody_could_be_asked(
    played: PlayedUnleash,
) -> None:
    played.body = told(off("checkout"), {"name": "recommendations", "enabled": True, "strategies": HALF})
    code, shown, _ = await asked_by_command(TRADEWIND_UNLEASH_URL=played.url, TRADEWIND_UNLEASH_TOKEN=TOKEN)
    found = {one["flag"]: (one["value"], one["source"]) for one in shown}
    assert code == 0
    assert found["checkout"] == ("off", "unleash")
    assert found["recommendations"] == ("on for some customers", "unleash")
    assert found["reviews"] == ("on", "default")
    played.status = 503
    code, shown, said = await asked_by_command(TRADEWIND_UNLEASH_URL=played.url, TRADEWIND_UNLEASH_TOKEN=TOKEN)
    assert (code, {one["value"] for one in shown}) == (1, {"on"})
    assert "it answers with 503" in said


async def asked_by_command(**settings: str) -> tuple[int, Any, str]:
    """`tradewind flags --json`: how it ended, what it printed, what it said aside."""
    argv = [sys.executable, "-m", "tradewind.app.cli", "flags", "--json"]
    environment = {**os.environ, **settings}
    done = await asyncio.to_thread(
        subprocess.run, argv, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    return done.returncode, msgspec.json.decode(done.stdout), done.stderr


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"TRADEWIND_UNLEASH_URL": "http://unleash:4242"}, "TRADEWIND_UNLEASH_TOKEN is needed"),
        (
            {"TRADEWIND_UNLEASH_URL": "http://u:1", "TRADEWIND_UNLEASH_TOKEN": "t", "TRADEWIND_FLAGS_FILE": "f"},
            "both say what is switched on",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: dict[str, str], complaint: str) -> None:
    with pytest.raises(SettingError, match=complaint):
        Settings.from_environment(settings)


@pytest.mark.engine("unleash")
async def test_a_real_unleash_that_goes_away_and_comes_back(with_unleash: WithUnleash, errors: list[str]) -> None:
    await with_unleash.say(CHECKOUT, 0)
    await with_unleash.sees(lambda: not with_unleash.flags.on(CHECKOUT))
    wire = Wire(urlsplit(address("UNLEASH_URL")).netloc)
    await wire.mend()
    try:
        async with unleash(f"http://127.0.0.1:{wire.port}", CLIENT_TOKEN) as source:
            flags = OpenFeatureFlags(source)
            assert not flags.on(CHECKOUT)
            await wire.cut()
            await source.poll()
            assert (bool(source.trouble), flags.on(CHECKOUT), len(errors)) == (True, False, 1)
            await with_unleash.say(CHECKOUT, 100)
            await with_unleash.sees(lambda: with_unleash.flags.on(CHECKOUT))
            assert not flags.on(CHECKOUT), "it has heard nothing of it"
            await wire.mend()
            await source.poll()
            assert (source.trouble, flags.on(CHECKOUT)) == ("", True)
    finally:
        await wire.cut()


@pytest.mark.engine("unleash")
async def test_a_real_unleash_takes_no_other_token(http: aiohttp.ClientSession) -> None:
    source = UnleashFlags(http, address("UNLEASH_URL"), "*:development.hunter2")
    await source.poll()
    assert source.trouble == "it does not take the token"

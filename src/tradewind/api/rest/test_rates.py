"""Windows slide, memory is bounded, and only trusted proxies are believed."""

import re
from pathlib import Path

import pytest

from tradewind.api.rest.rates import RATES, Rate, RateLimits, Windows
from tradewind.kernel.errors import Throttled

ROW = re.compile(r"^\| `([a-z-]+)` \| [^|]+ \| (\d+) \| (\d+) \| (\d+) s \|$", re.MULTILINE)


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.at_s = 600.0

    def __call__(self) -> float:
        return self.at_s


def limits(hands: Hands, *, remembered: int = 100, trusted: tuple[str, ...] = ()) -> RateLimits:
    rates = {"read": Rate(5, 2), "login": Rate(1, 1, 3600)}
    return RateLimits(rates, trusted=trusted, windows=Windows(remembered=remembered, clock=hands))


async def test_who_asked_too_much_is_told_how_long_to_wait_and_then_admitted() -> None:
    hands = Hands()
    ours = limits(hands)
    assert [(await ours.of_client("read", "a")).left for _ in range(6)] == [4, 3, 2, 1, 0, -1]
    hands.at_s += 20
    refused = await ours.of_client("read", "a")
    assert (refused.left, refused.limit, refused.reset_s, refused.wait_s) == (-1, 5, 41, 41)
    with pytest.raises(Throttled) as told:
        refused.check()
    assert (told.value.retry_after_s, told.value.facts) == (41, {"limit": "read"})
    hands.at_s += refused.wait_s
    assert (await ours.of_client("read", "a")).left >= 0


async def test_the_window_slides_so_that_no_minute_holds_twice_the_limit() -> None:
    hands = Hands()
    ours = limits(hands)
    hands.at_s += 59
    assert [(await ours.of_client("read", "a")).left for _ in range(5)][-1] == 0
    hands.at_s += 2
    admitted = sum([(await ours.of_client("read", "a")).left >= 0 for _ in range(10)])
    assert admitted == 1
    refused = await ours.of_client("read", "a")
    hands.at_s += refused.wait_s
    assert (await ours.of_client("read", "a")).left >= 0


async def test_another_client_another_user_and_another_class_are_counted_apart() -> None:
    ours = limits(Hands())
    for _ in range(6):
        await ours.of_client("read", "a")
    assert (await ours.of_client("read", "b")).left == 4
    assert (await ours.of_user("read", "a")).left == 1
    assert (await ours.of_client("login", "a")).left == 0


def test_a_flood_of_addresses_is_forgotten_from_its_quiet_end() -> None:
    windows = Windows(remembered=3, clock=Hands())
    for name in ("a", "b", "a", "c", "d"):
        windows.acquire_sliding_window_entry(name, 5, 60)
    assert len(windows) == 3
    assert windows.get_sliding_window("b", 60)[2] == 0
    assert windows.get_sliding_window("a", 60)[2] == 2
    windows.clear_sliding_window("a", 60)
    assert windows.get_sliding_window("a", 60)[2] == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", b"198.51.100.1", "203.0.113.9"),
        ("10.0.0.2", None, "10.0.0.2"),
        ("10.0.0.2", b"198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", b"1.1.1.1, 198.51.100.1, 10.0.0.3", "198.51.100.1"),
        ("10.0.0.2", b"198.51.100.1, rubbish", "10.0.0.2"),
        ("10.0.0.2", b"2001:db8::1:2", "2001:db8::/64"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
    ],
)
def test_only_a_trusted_proxy_says_whom_it_asks_for(peer: str, forwarded: bytes | None, client: str) -> None:
    assert limits(Hands(), trusted=("10.0.0.0/8",)).client((peer, 1), forwarded) == client


def test_without_trusted_proxies_nobody_is_believed() -> None:
    ours = limits(Hands())
    assert ours.client(("10.0.0.2", 1), b"198.51.100.1") == "10.0.0.2"
    assert ours.client(("2001:db8::1:2", 1), None) == "2001:db8::/64"
    assert ours.client(None, None) == ""


def test_the_guide_says_what_counts() -> None:
    guide = (Path(__file__).parents[4] / "docs/guides/rest.md").read_text()
    said = {row[0]: tuple(map(int, row[1:])) for row in ROW.findall(guide)}
    assert said == {name: tuple(rate) for name, rate in RATES.items()}

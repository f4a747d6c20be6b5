"""How much one client and one user may ask in a while, and what an answer says about it.

What each may is remembered in this process, by the sliding window of the `limits` library behind its own protocol; or
for all processes, by the same window in a store that they share. Where that does not answer, each process counts for
itself again: then n processes admit up to n times as much (open, to that degree), except where somebody may be
guessing: there each admits its share only (closed, to that degree).
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from limits.storage.base import SlidingWindowCounterSupport

from tradewind.kernel.errors import Throttled, Unavailable
from tradewind.ports.rates import Count, SharedWindows

MAX_REMEMBERED: Final = 50_000
"""Clients and users remembered at once; the one that was silent longest is forgotten first."""
MAX_HOPS: Final = 16
"""Entries of X-Forwarded-For that are looked at, from the right."""
IPV6_HOME: Final = 64
"""Whoever has one IPv6 address has a whole /64 of them."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Pairs = list[tuple[bytes, bytes]]


class Rate(NamedTuple):
    """So many requests a window; of one client address, which many people may share, and of one user."""

    per_client: int
    per_user: int
    window_s: int = 60


RATES: Final[Mapping[str, Rate]] = {
    "read": Rate(6_000, 1_200),
    "write": Rate(1_200, 300),
    "login": Rate(30, 30),
    "registration": Rate(30, 10, 3600),
    "password-reset": Rate(20, 10, 3600),
    "coupon": Rate(600, 60),
    "guest": Rate(120, 60),
    "privacy": Rate(30, 10, 3600),
    "ai": Rate(120, 20),
}
"""What a route declares by `limit=`; without that its method says `read` or `write`."""
GUESSED: Final = frozenset({"login", "registration", "password-reset", "coupon", "guest", "privacy"})
"""Where somebody may be guessing, or making things up by the thousand."""
ALONE: Final = 4
"""Processes among which the limits of those are shared out while they cannot count together."""


class Standing(NamedTuple):
    """What is left of one limit. `left` is below zero for who asked too much."""

    name: str
    limit: int
    left: int
    reset_s: int
    window_s: int
    wait_s: int = 0

    def headers(self) -> Pairs:
        """For the answer: the three that clients know, and the two of the draft that follows them."""
        limit, policy = _fixed(self.name, self.limit, self.window_s)
        left, reset = b"%d" % max(self.left, 0), b"%d" % self.reset_s
        draft = b'"%b";r=%b;t=%b' % (self.name.encode(), left, reset)
        remaining = (b"ratelimit-remaining", left)
        return [limit, remaining, (b"ratelimit-reset", reset), policy, (b"ratelimit", draft)]

    def check(self) -> None:
        """Refuse (Throttled) who asked too much."""
        if self.left < 0:
            raise Throttled(retry_after_s=self.wait_s, limit=self.name)


@lru_cache(maxsize=64)
def _fixed(name: str, limit: int, window_s: int) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """The two headers that are the same each time."""
    policy = b'"%b";q=%d;w=%d' % (name.encode(), limit, window_s)
    return (b"ratelimit-limit", b"%d" % limit), (b"ratelimit-policy", policy)


class Windows(SlidingWindowCounterSupport):
    """Counters of this window and the one before, for the `remembered` keys that were seen last.

    The library's own memory sweeps all keys in a thread, a hundred times a second, and has no bound.
    """

    def __init__(self, *, remembered: int = MAX_REMEMBERED, clock: Callable[[], float] = time.monotonic) -> None:
        self._remembered = remembered
        self._clock = clock
        self._counts: OrderedDict[str, tuple[int, int, int]] = OrderedDict()
        """Key to number of the window, what was counted in the one before it, what in it."""

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, key: str, limit: int, window_s: int) -> Count:
        """Count one request where that keeps within `limit`."""
        at, elapsed_s = divmod(self._clock(), window_s)
        window = int(at)
        known = self._counts.get(key)
        if known is None:
            before = counted = 0
            if len(self._counts) >= self._remembered:
                self._counts.popitem(last=False)
        else:
            last, before, counted = known
            if last != window:
                before, counted = counted if last == window - 1 else 0, 0
            self._counts.move_to_end(key)
        fits = int(before * (1 - elapsed_s / window_s) + counted) < limit
        if fits:
            counted += 1
        self._counts[key] = window, before, counted
        return Count(fits, before, counted, elapsed_s)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """The library's name for counting; whether it fits. One at a time is all that is asked here."""
        assert amount == 1, "requests are counted one by one"
        return self.count(key, limit, expiry).fits

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Counted in the window before and seconds for which that matters; the same of this window."""
        window, elapsed_s = divmod(self._clock(), expiry)
        last, before, counted = self._counts.get(key, (int(window), 0, 0))
        if last != window:
            before, counted = counted if last == window - 1 else 0, 0
        return before, expiry - elapsed_s, counted, 2 * expiry - elapsed_s

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget what was counted."""
        self._counts.pop(key, None)


class RateLimits:
    """Admits requests, or says how long to wait. `trusted`: proxies whose X-Forwarded-For is believed.

    `windows`: where this process counts; `shared`: where all do, as long as that answers.
    """

    def __init__(
        self,
        rates: Mapping[str, Rate] = RATES,
        *,
        trusted: Iterable[str] = (),
        windows: Windows | None = None,
        shared: SharedWindows | None = None,
    ) -> None:
        self._rates = rates
        self._shared = shared
        self._windows = Windows() if windows is None else windows
        self._trusted: Sequence[Network] = [ipaddress.ip_network(one, strict=False) for one in trusted]
        self._near: Callable[[str], bool] = lru_cache(maxsize=1024)(self._is_trusted)

    def client(self, peer: Any, forwarded: bytes | None) -> str:
        """Who asks: the socket's peer, or whoever the trusted proxies say they ask for."""
        address = str(peer[0]) if peer else ""
        if not self._trusted or not self._near(address):
            return _home(address)
        for hop in reversed((forwarded or b"").decode("latin-1").split(",")[-MAX_HOPS:]):
            if not _is_address(hop.strip()):
                break
            address = hop.strip()
            if not self._near(address):
                break
        return _home(address)

    async def of_client(self, name: str, client: str) -> Standing:
        """Count one request of an address."""
        rate = self._rates[name]
        return await self._count(f"c/{name}/{client}", name, rate.per_client, rate.window_s)

    async def of_user(self, name: str, user: str) -> Standing:
        """Count one request of a user."""
        rate = self._rates[name]
        return await self._count(f"u/{name}/{user}", name, rate.per_user, rate.window_s)

    async def _count(self, key: str, name: str, limit: int, window_s: int) -> Standing:
        counted_by_all = self._shared and await _asked(self._shared, key, limit, window_s)
        if self._shared and counted_by_all is None and name in GUESSED:
            limit = max(1, limit // ALONE)
        fits, before, counted, elapsed_s = counted_by_all or self._windows.count(key, limit, window_s)
        rest_s = window_s - elapsed_s
        reset_s = int(rest_s) + 1
        if fits:
            return Standing(name, limit, max(limit - int(before * rest_s / window_s + counted), 0), reset_s, window_s)
        wait_s = rest_s if counted >= limit else rest_s - (limit - counted) * window_s / before
        return Standing(name, limit, -1, reset_s, window_s, int(wait_s) + 1)

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._trusted)


async def _asked(shared: SharedWindows, key: str, limit: int, window_s: int) -> Count | None:
    """What was counted by all; None where nobody can say."""
    try:
        return await shared.count(key, limit, window_s)
    except Unavailable:
        return None


@lru_cache(maxsize=4096)
def _home(address: str) -> str:
    if ":" not in address or not _is_address(address):
        return address
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or ipaddress.ip_network((found, IPV6_HOME), strict=False))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

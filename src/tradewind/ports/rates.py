"""Counting of requests: how many of one key were there in this window and in the one before."""

from typing import NamedTuple, Protocol


class Count(NamedTuple):
    """What was counted of a key: in the window before, in this one, and seconds since that began."""

    fits: bool
    before: int
    counted: int
    elapsed_s: float


class SharedWindows(Protocol):
    """Windows in which all processes count together."""

    async def count(self, key: str, limit: int, window_s: int) -> Count:
        """Count one request where that keeps within `limit`. Refuses (Unavailable) where nobody can say."""
        ...

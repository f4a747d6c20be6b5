"""What a look at one engine found."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct

from tradewind.app.settings import Settings


class Finding(Struct, frozen=True, kw_only=True):
    """How an engine is. `advice` says what to do, where it is not well; it holds no password."""

    engine: str
    well: bool
    version: str = ""
    detail: str = ""
    advice: str = ""


class UnwellError(Exception):
    """An engine is not well. `advice` says what to do."""

    def __init__(self, detail: str, advice: str) -> None:
        super().__init__(detail)
        self.advice = advice


Look: TypeAlias = Callable[[Settings], Awaitable[Finding]]
"""Looks at one engine; raises UnwellError, or whatever its client raises where it cannot be reached."""

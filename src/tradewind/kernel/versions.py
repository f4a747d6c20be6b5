"""Optimistic concurrency: whoever changes a thing may say which version of it they looked at."""

from tradewind.kernel.errors import Conflict


class Outdated(Conflict):
    """It has changed since you looked at it; look again. `version` is what it is now."""


def expect(expected: int | None, actual: int) -> None:
    """Refuse (Outdated) unless `expected` is the version that counts. None: whichever it is."""
    if expected is not None and expected != actual:
        raise Outdated(version=actual)

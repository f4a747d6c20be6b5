"""From when until when something counts: either end may be open."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def faults(valid_from: datetime | None, valid_to: datetime | None) -> Iterator[dict[str, str]]:
    """What is wrong with a time window, by field."""
    for pointer, moment in (("/validFrom", valid_from), ("/validTo", valid_to)):
        if moment is not None and (moment.tzinfo is None or not EARLIEST <= moment <= LATEST):
            detail = f"Expected a moment with its time zone, from {EARLIEST.year} to {LATEST.year}."
            yield {"pointer": pointer, "detail": detail}
            return
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        yield {"pointer": "/validTo", "detail": "It ends after it begins."}

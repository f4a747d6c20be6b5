"""What `serve` and its parts tell each other beside the settings: names in the environment, a file, a product."""

from typing import Final

import msgspec

READY_FILE: Final = "TRADEWIND_WORKER_READY_FILE"
"""Names a file that the worker makes once it works, for whoever started it."""
PREPARED_FILE: Final = "TRADEWIND_PREPARED_FILE"
"""Names the file to which app/preparing.py writes what came of it."""
SAMPLE: Final = "TRADEWIND_PREPARED_SAMPLE"
"""Says "yes" where there is to be something to buy."""
SAMPLE_SKU: Final = "SAMPLE-COMPASS"
"""What there is to buy."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What came of preparing. `password`: the administrator's, where it was made up; `refused`: why it cannot be."""

    applied: int = 0
    password: str | None = None
    refused: str | None = None

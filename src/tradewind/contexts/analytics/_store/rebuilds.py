"""Whether the columns are being counted anew: until that is done, they lack what they had."""

from datetime import datetime
from typing import Final

from tradewind.runtime.database import Tx

BEGIN_REBUILD: Final = """
    INSERT INTO analytics.rebuild (began_at) VALUES (clock_timestamp())
    ON CONFLICT (single) DO UPDATE SET began_at = EXCLUDED.began_at, ended_at = NULL RETURNING began_at
"""
END_REBUILD: Final = "UPDATE analytics.rebuild SET ended_at = clock_timestamp() WHERE single AND began_at = $1"
UNDER_WAY: Final = "SELECT EXISTS (SELECT FROM analytics.rebuild WHERE single AND ended_at IS NULL)"


async def begin(tx: Tx) -> datetime:
    """From now on the columns are incomplete; which time of counting anew this is."""
    began_at: datetime = await tx.value(BEGIN_REBUILD)
    return began_at


async def end(tx: Tx, began_at: datetime) -> None:
    """They are complete, unless somebody has begun once more meanwhile."""
    await tx.run(END_REBUILD, began_at)


async def under_way(tx: Tx) -> bool:
    """Whether it has begun and not ended, also where whoever began has died."""
    found: bool = await tx.value(UNDER_WAY)
    return found

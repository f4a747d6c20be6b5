"""The simulated provider's settlement report: what moved for each reference, of one day's references or of all."""

import sqlite3
from datetime import date, timedelta
from typing import Final
from urllib.parse import parse_qs, unquote

from tradewind.adapters.payment_provider.wire import MAX_PAGE, SETTLEMENTS, SettlementPage, SettlementRow

MOVED: Final = """
SELECT reference, currency,
       coalesce(sum(minor) FILTER (WHERE operation = 'capture'), 0),
       coalesce(sum(minor) FILTER (WHERE operation = 'refund'), 0),
       count(*) FILTER (WHERE operation = 'capture'), count(*) FILTER (WHERE operation = 'refund')
FROM operation
WHERE operation IN ('capture', 'refund') AND minor > 0 AND (reference, currency) > (?1, ?2)
  AND (?3 = '' OR reference IN (SELECT reference FROM operation WHERE operation IN ('capture', 'refund') AND minor > 0
                                AND recorded_at >= ?3 AND recorded_at < ?4))
  AND (?5 = '' OR reference = ?5)
GROUP BY reference, currency ORDER BY reference, currency LIMIT ?6
"""


def settlements(books: sqlite3.Connection, path: str, query: str) -> SettlementPage:
    """The page that is asked for. Raises ValueError where it cannot be understood."""
    asked = {name: values[-1] for name, values in parse_qs(query).items()}
    limit = int(asked.get("limit", MAX_PAGE))
    if not 0 < limit <= MAX_PAGE:
        raise ValueError(f"limit is from 1 to {MAX_PAGE}")
    day = date.fromisoformat(asked["day"]) if "day" in asked else None
    days = (day.isoformat(), (day + timedelta(days=1)).isoformat()) if day else ("", "")
    one = unquote(path[len(SETTLEMENTS) + 1 :])
    rows = books.execute(MOVED, (asked.get("after", ""), asked.get("currency", ""), *days, one, limit))
    return SettlementPage(
        rows=[SettlementRow(**dict(zip(SettlementRow.__struct_fields__, row, strict=True))) for row in rows]
    )

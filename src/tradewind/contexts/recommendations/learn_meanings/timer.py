"""Ask what products mean that are new or described otherwise; nothing happens where no AI provider is configured.

The model is asked between two transactions, inside none. Who dies in between has asked in vain, and asks again.
"""

import struct
from collections.abc import Sequence
from typing import Any, Final

from tradewind.ports.ai import MAX_TEXTS, AiAway, AiProvider
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.telemetry.logs import log
from tradewind.runtime.timers import Timer

EVERY_S: Final = 2.0
UNKNOWN: Final = """
    SELECT p.product_id, p.prose, p.described_at FROM recommendations.product AS p
    LEFT JOIN recommendations.meaning AS m ON m.product_id = p.product_id AND m.model = $1
    WHERE p.on_sale AND (m.product_id IS NULL OR m.of_description < p.described_at)
    ORDER BY p.product_id LIMIT $2
"""
LEARN: Final = """
    INSERT INTO recommendations.meaning (product_id, model, vector, of_description)
    SELECT u.product_id, $1, u.vector, u.of_description
    FROM unnest($2::uuid[], $3::bytea[], $4::timestamptz[]) AS u (product_id, vector, of_description)
    ON CONFLICT (product_id) DO UPDATE SET model = EXCLUDED.model, vector = EXCLUDED.vector,
        of_description = EXCLUDED.of_description, learned = nextval('recommendations.learned')
"""


async def learn_meanings(db: Database) -> int:
    """One batch; how many products it was."""
    provider: Any = db.peers[AiProvider]
    model = provider.meanings
    if model is None:
        return 0
    call = internal_call("recommendations.learn_meanings")
    async with db.reading(call) as tx:
        rows = await tx.all(UNKNOWN, model, MAX_TEXTS)
    if not rows:
        return 0
    try:
        vectors = await provider.embed([row["prose"] for row in rows])
    except AiAway as away:
        log.warning("meanings not learned", error=away.detail)
        return 0
    async with db.transaction(call) as tx:
        packed, of = [pack(one) for one in vectors], [row["described_at"] for row in rows]
        await tx.run(LEARN, model, [row["product_id"] for row in rows], packed, of)
    return len(rows)


def pack(vector: Sequence[float]) -> bytes:
    """As 32-bit floats, little-endian."""
    return struct.pack(f"<{len(vector)}f", *vector)


LEARN_MEANINGS = Timer("recommendations.learn_meanings", EVERY_S, learn_meanings, apart=True)

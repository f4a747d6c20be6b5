"""The meanings of all products, in memory, to be compared at once; what is new is read before each comparison."""

import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from tradewind.ports.ai import AiProvider
from tradewind.runtime.database import Tx

SINCE: Final = """
    SELECT product_id, vector, learned FROM recommendations.meaning WHERE model = $1 AND learned > $2 ORDER BY learned
"""
SETTLE: Final = 256
"""Rows read again each time: a number that was drawn early may be committed late."""
REFRESH_S: Final = 1.0
"""Between two looks for new meanings."""


class Meanings:
    """One process's copy. 10,000 products of 1,536 numbers are 60 MB; a shop without AI keeps none."""

    def __init__(self) -> None:
        self._model = ""
        self._learned = 0
        self._looked_s = -REFRESH_S
        self._at: dict[UUID, int] = {}
        self._ids: list[UUID] = []
        self._matrix: Any = None

    async def nearest(self, tx: Tx, model: str, vector: Sequence[float], limit: int) -> list[tuple[UUID, float]]:
        """The products whose meaning is nearest to `vector`, with the cosine of the angle, nearest first."""
        import numpy as np  # where there is no AI, nobody pays for it

        wanted = np.asarray(vector, dtype=np.float32)
        await self._refresh(tx, model, len(wanted), np)
        if not self._ids:
            return []
        cosines = self._matrix[: len(self._ids)] @ (wanted / (np.linalg.norm(wanted) or 1.0))
        best = np.argsort(-cosines, kind="stable")[:limit]
        return [(self._ids[index], float(cosines[index])) for index in best]

    async def _refresh(self, tx: Tx, model: str, width: int, np: Any) -> None:
        if (now_s := time.monotonic()) < self._looked_s + REFRESH_S and model == self._model:
            return
        if model != self._model or (self._matrix is not None and self._matrix.shape[1] != width):
            self.__init__()  # type: ignore[misc]  # another model: nothing of what is kept compares
            self._model = model
        self._looked_s = now_s
        for row in await tx.all(SINCE, model, max(0, self._learned - SETTLE)):
            found = np.frombuffer(row["vector"], dtype="<f4")
            if len(found) == width:
                self._keep(row["product_id"], found / (np.linalg.norm(found) or 1.0), np)
            self._learned = max(self._learned, row["learned"])

    def _keep(self, product_id: UUID, vector: Any, np: Any) -> None:
        if self._matrix is None:
            self._matrix = np.zeros((1024, len(vector)), dtype=np.float32)
        if product_id not in self._at:
            self._at[product_id] = len(self._ids)
            self._ids.append(product_id)
        if len(self._ids) > len(self._matrix):
            self._matrix = np.vstack([self._matrix, np.zeros_like(self._matrix)])
        self._matrix[self._at[product_id]] = vector


_kept: Final[WeakKeyDictionary[Any, Meanings]] = WeakKeyDictionary()


def meanings_by(provider: AiProvider) -> Meanings:
    """What is kept of what this provider said; a process that hosts two shops keeps them apart."""
    return _kept.setdefault(provider, Meanings())

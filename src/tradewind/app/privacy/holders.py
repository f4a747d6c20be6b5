"""Who holds something of a person: the runtime, and every context whose manifest says so."""

from collections.abc import Iterable, Sequence
from typing import Final

from tradewind.contracts.privacy import PersonalData
from tradewind.runtime.manifest import Manifest
from tradewind.runtime.personal_data import RuntimeData

RUNTIME: Final = "runtime"


class Holders:
    """Answers to PersonalDataPeer."""

    def __init__(self, contexts: Iterable[Manifest]) -> None:
        held = ((one.name, one.personal_data) for one in contexts)
        found = [(name, data) for name, data in held if data is not None]
        self._holders: tuple[tuple[str, PersonalData], ...] = (*found, (RUNTIME, RuntimeData()))

    def holders(self) -> Sequence[tuple[str, PersonalData]]:
        """Who holds something, by name, in the order in which contexts are wired; the runtime is the last."""
        return self._holders

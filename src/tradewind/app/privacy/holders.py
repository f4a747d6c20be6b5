"""Who holds something of a person: every context whose manifest says so."""

from collections.abc import Iterable, Sequence

from tradewind.contracts.privacy import PersonalData
from tradewind.runtime.manifest import Manifest


class Holders:
    """Answers to PersonalDataPeer."""

    def __init__(self, contexts: Iterable[Manifest]) -> None:
        self._holders = tuple((one.name, one.personal_data) for one in contexts if one.personal_data is not None)

    def holders(self) -> Sequence[tuple[str, PersonalData]]:
        """Who holds something, by the context's name, in the order in which contexts are wired."""
        return self._holders

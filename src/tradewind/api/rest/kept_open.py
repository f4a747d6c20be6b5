"""How much each client keeps open at a gateway, which counts for all that stand behind: those count nothing there."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tradewind.api.rest.streams import RETRY_AFTER_S, TooManyOfYours


class Place:
    """One that is open. It may turn out later whose it is."""

    def __init__(self, counted: Counter[str], most: int) -> None:
        self._counted, self._most, self._client = counted, most, ""

    def belongs_to(self, client: str) -> None:
        """From now on it is theirs. Refuses TooManyOfYours."""
        if client == self._client:
            return
        if self._counted[client] >= self._most:
            raise TooManyOfYours(retry_after_s=RETRY_AFTER_S, limit=self._most)
        self.leave()
        self._counted[client] += 1
        self._client = client

    def leave(self) -> None:
        """It is nobody's any more."""
        if self._client:
            self._counted[self._client] -= 1
            if not self._counted[self._client]:
                del self._counted[self._client]
        self._client = ""


class KeptOpen:
    """All that is open of one kind; of one user, or one address where nobody is named, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counted: Counter[str] = Counter()

    @contextmanager
    def one_more(self, client: str | None) -> Iterator[Place]:
        """As long as it is open; it is not counted where the client is None. Refuses TooManyOfYours."""
        place = Place(self._counted, self._most)
        if client is not None:
            place.belongs_to(client)
        try:
            yield place
        finally:
            place.leave()

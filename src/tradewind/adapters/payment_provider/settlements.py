"""The port `SettlementReports`: the reports of providers that speak our wire, the legacy gateway's books among them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Final
from urllib.parse import quote

import aiohttp
import msgspec

from tradewind.adapters.payment_provider.wire import MAX_PAGE, SETTLEMENTS, SettlementPage, SettlementRow
from tradewind.kernel.errors import Unavailable
from tradewind.ports.settlements import Settlement

ANSWER_WITHIN_S: Final = 30.0
_decode: Final = msgspec.json.Decoder(SettlementPage).decode


class HttpSettlements:
    """Answers to `SettlementReports`. `sources`: each provider's name, and the address of its books."""

    def __init__(self, session: aiohttp.ClientSession, sources: Mapping[str, str]) -> None:
        self._session = session
        self._sources = {name: url.rstrip("/") + SETTLEMENTS for name, url in sources.items()}

    @property
    def providers(self) -> Sequence[str]:
        """See the port."""
        return tuple(self._sources)

    async def until(self) -> datetime | None:
        """See the port: these tell everything at once."""
        return None

    async def of(self, day: date | None) -> AsyncIterator[Sequence[Settlement]]:
        """See the port."""
        for name, url in self._sources.items():
            asked = {"limit": str(MAX_PAGE)} | ({} if day is None else {"day": day.isoformat()})
            while True:
                rows = await self._read(name, url, asked)
                yield [_settlement(name, row) for row in rows]
                if len(rows) < MAX_PAGE:
                    break
                asked |= {"after": rows[-1].reference, "currency": rows[-1].currency}

    async def of_order(self, reference: str) -> Sequence[Settlement]:
        """See the port."""
        found: list[Settlement] = []
        for name, url in self._sources.items():
            rows = await self._read(name, f"{url}/{quote(reference, safe='')}", {})
            found += [_settlement(name, row) for row in rows]
        return found

    async def _read(self, name: str, url: str, asked: Mapping[str, str]) -> Sequence[SettlementRow]:
        try:
            async with self._session.get(url, params=asked) as response:
                return _decode(await response.read()).rows
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError) as trouble:
            raise Unavailable(
                f"The settlement report of {name} cannot be read.", provider=name, trouble=type(trouble).__name__
            ) from trouble


@asynccontextmanager
async def settlement_reports(sources: Mapping[str, str]) -> AsyncIterator[HttpSettlements]:
    """The reports of `sources`, open for as long as the context."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
        yield HttpSettlements(session, sources)


def _settlement(name: str, row: SettlementRow) -> Settlement:
    return Settlement(provider=name, **msgspec.structs.asdict(row))

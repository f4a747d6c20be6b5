"""Contexts in other processes: who answers for them here, and which of two logs is listened to."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cachetools import TTLCache, cached

from tradewind.adapters.inventory.apart import AwayBackorders, AwayInventory, CatalogByEvents, NoReturns
from tradewind.app import placement
from tradewind.app.engines import EngineError
from tradewind.app.placement import INVENTORY, PAYMENTS, alone
from tradewind.app.settings import Settings
from tradewind.contexts.identity.manifest import SigningKeys
from tradewind.contexts.orders.manifest import Placement
from tradewind.contexts.shipping.manifest import Supply
from tradewind.contracts.catalog import CatalogPeer
from tradewind.contracts.identity import SCOPES
from tradewind.contracts.inventory import BackordersPeer, InventoryPeer
from tradewind.contracts.orders import SoldPeer
from tradewind.contracts.payers import PayersPeer, Paying
from tradewind.contracts.payments import PaymentsPeer, Refunding, RefundsPeer
from tradewind.contracts.privacy import Persons
from tradewind.contracts.returns import ReturnsPeer
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.keeping import KeptAtMost

if TYPE_CHECKING:
    from tradewind.api.grpc.tls import Certificates

OF_INVENTORY: Final = "ecommerce.inventory."
"""What events of inventory begin with. Orders tell one of them, too: the step by which an order's goods are held."""
KEPT_S: Final = 2.0
"""For so long at most a page is shown again where its stock is told in inventory's own log, and no stream job forgets
it in a Redis."""
CARRY: Final = ("payment:carry",)
"""All that the sagas of orders and returns may do with payments over there."""
TOKEN_S: Final = 600
"""Lifetime of the token that goes with a question."""
SAME_S: Final = 30
"""For so long the same token goes with every question: to sign and to verify one costs more than to ask. A key that is
withdrawn is missed for no longer."""


def told_there(settings: Settings) -> Callable[[str, bool], bool] | None:
    """Which events are heard where inventory has a database of its own: inventory's, from inventory's log alone.

    Nobody but payments tells of payments. What others hear of it is told in one log, whichever that is: what it told
    before it had a database of its own is still heard from that of the others. Payments itself hears nothing of
    inventory, whose events it could not tell from those that orders tell.
    """
    if alone(settings) == INVENTORY:
        return lambda type_, local: local or not type_.startswith(OF_INVENTORY)
    if alone(settings) is None and INVENTORY in placement.elsewhere(settings):
        return lambda type_, local: not (local and type_.startswith(OF_INVENTORY))
    return None


async def note_for_partners(settings: Settings, db: Database) -> None:
    """Have partners hear of inventory what it tells itself, where it has a database of its own; before any order here
    tells the step by which it holds goods there."""
    if alone(settings) is not None:
        return
    from tradewind.contexts.webhooks.manifest import Crew, note_told_elsewhere

    if Crew not in db.peers:
        return
    told = [OF_INVENTORY] if INVENTORY in placement.elsewhere(settings) else []
    async with db.transaction(internal_call("webhooks.note_told_elsewhere")) as tx:
        await note_told_elsewhere(tx, told)


@asynccontextmanager
async def elsewhere(settings: Settings, keys: SigningKeys) -> AsyncIterator[dict[type, object]]:
    """Who answers for contexts that are not in this process's database. Raises EngineError."""
    own = alone(settings)
    if own == INVENTORY:
        yield {CatalogPeer: CatalogByEvents(), ReturnsPeer: NoReturns()}
        return
    if own == PAYMENTS:
        yield _to_payments()
        return
    async with AsyncExitStack() as stack:
        found: dict[type, object] = {}
        if settings.inventory_url is not None:
            found |= await stack.enter_async_context(_inventory(settings, settings.inventory_url, keys))
        if settings.payments_url is not None:
            found |= await stack.enter_async_context(_payments(settings, settings.payments_url, keys))
        yield found


def _to_payments() -> dict[type, object]:
    """Who answers payments for the others, where it has a database of its own: what it heard of them, and wrote."""
    from tradewind.adapters.payments.bought import BoughtByEvents
    from tradewind.adapters.payments.payers import PayersByEvents

    return {SoldPeer: BoughtByEvents(), PayersPeer: PayersByEvents()}


@asynccontextmanager
async def _inventory(settings: Settings, url: str, keys: SigningKeys) -> AsyncIterator[dict[type, object]]:
    from tradewind.adapters.inventory.grpc import grpc_inventory

    certificates = _certificates(settings, url, "TRADEWIND_INVENTORY_URL")
    token = tokens(keys, "warehouse", SCOPES["warehouse"])
    async with grpc_inventory(urlsplit(url).netloc, token, certificates) as away:
        yield {
            Placement: Placement(in_place=False, away=away),
            Supply: Supply(away=away),
            InventoryPeer: AwayInventory(),
            BackordersPeer: AwayBackorders(),
            KeptAtMost: KeptAtMost(KEPT_S),
        }


@asynccontextmanager
async def _payments(settings: Settings, url: str, keys: SigningKeys) -> AsyncIterator[dict[type, object]]:
    """Whatever is wanted of payments is asked for there, outside of transactions."""
    from tradewind.adapters.payments.apart import AwayRefunds
    from tradewind.adapters.payments.asked import AskedPayments
    from tradewind.adapters.payments.grpc import grpc_payments

    certificates = _certificates(settings, url, "TRADEWIND_PAYMENTS_URL")
    async with grpc_payments(urlsplit(url).netloc, tokens(keys, "admin", CARRY), certificates) as away:
        yield {
            PaymentsPeer: AskedPayments(away),
            RefundsPeer: AwayRefunds(),
            Paying: Paying(away),
            Refunding: Refunding(away),
            Persons: Persons(away),
        }


def _certificates(settings: Settings, url: str, name: str) -> "Certificates | None":
    """What this process shows of itself, where the setting of that name wants it to. Raises EngineError."""
    from tradewind.api.grpc.tls import CertificateError, Certificates

    if urlsplit(url).scheme != "grpcs":
        return None
    if not (settings.grpc_cert and settings.grpc_key and settings.grpc_ca):
        raise EngineError(f"grpcs:// in {name} needs TRADEWIND_GRPC_CERT, _KEY and _CA (`tradewind ca`).")
    try:
        return Certificates.read(settings.grpc_cert, settings.grpc_key, settings.grpc_ca)
    except CertificateError as error:
        raise EngineError(f"{name} cannot be asked: {error}") from None


def tokens(keys: SigningKeys, role: str, scopes: Sequence[str]) -> Callable[[], str]:
    """Gives what goes with a question: an access token, the same one for SAME_S."""

    @cached(TTLCache(1, SAME_S))
    def token() -> str:
        return keys.sign(
            subject="service:orders", roles=(role,), scopes=tuple(scopes), tenant="default", lifetime_s=TOKEN_S
        )

    return token

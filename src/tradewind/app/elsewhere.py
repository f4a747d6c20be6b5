"""Inventory in another process: who answers for it here, and which of two logs is listened to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from tradewind.adapters.inventory.apart import AwayBackorders, AwayInventory, CatalogByEvents, NoReturns
from tradewind.app.engines import EngineError
from tradewind.app.placement import is_apart
from tradewind.app.settings import Settings
from tradewind.contexts.identity.manifest import SigningKeys
from tradewind.contexts.orders.manifest import Placement
from tradewind.contexts.shipping.manifest import Supply
from tradewind.contracts.catalog import CatalogPeer
from tradewind.contracts.identity import SCOPES
from tradewind.contracts.inventory import BackordersPeer, InventoryPeer
from tradewind.contracts.returns import ReturnsPeer
from tradewind.runtime.keeping import KeptAtMost

OF_INVENTORY: Final = "ecommerce.inventory."
"""What events of inventory begin with. Orders tell one of them, too: the step by which an order's goods are held."""
KEPT_S: Final = 2.0
"""For so long at most a page is shown again where its stock is told in inventory's own log."""
TOKEN_S: Final = 600
"""Lifetime of the token that goes with a question."""


def told_there(settings: Settings) -> Callable[[str, bool], bool] | None:
    """Which events are heard where inventory has a database of its own: inventory's, from inventory's log alone."""
    if is_apart(settings):
        return lambda type_, local: local or not type_.startswith(OF_INVENTORY)
    if settings.inventory_url is not None:
        return lambda type_, local: not (local and type_.startswith(OF_INVENTORY))
    return None


@asynccontextmanager
async def elsewhere(settings: Settings, keys: SigningKeys) -> AsyncIterator[dict[type, object]]:
    """Who answers for contexts that are not in this process's database. Raises EngineError."""
    if is_apart(settings):
        yield {CatalogPeer: CatalogByEvents(), ReturnsPeer: NoReturns()}
        return
    if settings.inventory_url is None:
        yield {}
        return
    from tradewind.adapters.inventory.grpc import grpc_inventory
    from tradewind.api.grpc.tls import CertificateError, Certificates

    certificates, parts = None, urlsplit(settings.inventory_url)
    if parts.scheme == "grpcs":
        if not (settings.grpc_cert and settings.grpc_key and settings.grpc_ca):
            raise EngineError(
                "grpcs:// in TRADEWIND_INVENTORY_URL needs TRADEWIND_GRPC_CERT, _KEY and _CA (`tradewind ca`)."
            )
        try:
            certificates = Certificates.read(settings.grpc_cert, settings.grpc_key, settings.grpc_ca)
        except CertificateError as error:
            raise EngineError(f"Inventory cannot be asked: {error}") from None

    def token() -> str:
        scopes = SCOPES["warehouse"]
        return keys.sign(
            subject="service:orders", roles=("warehouse",), scopes=scopes, tenant="default", lifetime_s=TOKEN_S
        )

    async with grpc_inventory(parts.netloc, token, certificates) as away:
        yield {
            Placement: Placement(in_place=False, away=away),
            Supply: Supply(away=away),
            InventoryPeer: AwayInventory(),
            BackordersPeer: AwayBackorders(),
            KeptAtMost: KeptAtMost(KEPT_S),
        }

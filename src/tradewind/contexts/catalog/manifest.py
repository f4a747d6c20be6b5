"""The catalog's table of contents."""

from pathlib import Path

from tradewind.contexts.catalog._subscribers.on_price_changed import on_price_changed
from tradewind.contexts.catalog.create_product import rest as create_product_rest
from tradewind.contexts.catalog.create_product.command import CreateProduct, create_product
from tradewind.contexts.catalog.get_product import rest as get_product_rest
from tradewind.contexts.catalog.get_product.query import get_product
from tradewind.contexts.catalog.list_products import rest as list_products_rest
from tradewind.contexts.catalog.list_products.query import ListProducts, list_products
from tradewind.contexts.catalog.peer import Catalog
from tradewind.contracts.catalog import CatalogPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "CreateProduct", "ListProducts"]

_peer: CatalogPeer = Catalog()
MANIFEST = Manifest(
    name="catalog",
    migrations=Path(__file__).parent / "migrations",
    handlers=(create_product, get_product, list_products),
    routes=(create_product_rest.create_product, get_product_rest.get_product, list_products_rest.list_products),
    subscribers=(on_price_changed,),
    peers={CatalogPeer: _peer},
)

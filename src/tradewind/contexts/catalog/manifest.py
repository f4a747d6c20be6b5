"""The catalog's table of contents."""

from pathlib import Path

from tradewind.contexts.catalog._domain.product import FirstPrice, Kind
from tradewind.contexts.catalog._listeners.forget_products import forget_products
from tradewind.contexts.catalog._media.folder import MediaFolder
from tradewind.contexts.catalog._projections.index_keeping import KEEP_INDEX, TELL_INDEX
from tradewind.contexts.catalog._projections.inventory_snapshot import availability
from tradewind.contexts.catalog._projections.listing import listing
from tradewind.contexts.catalog._projections.rating import rating
from tradewind.contexts.catalog._projections.sold_out import sold_out
from tradewind.contexts.catalog._subscribers.on_price_changed import on_price_changed
from tradewind.contexts.catalog.add_image import rest as add_image_rest
from tradewind.contexts.catalog.add_image.command import add_image
from tradewind.contexts.catalog.add_image.prepare import prepare_image
from tradewind.contexts.catalog.add_variant import rest as add_variant_rest
from tradewind.contexts.catalog.add_variant.command import AddVariant, add_variant
from tradewind.contexts.catalog.archive_product import rest as archive_product_rest
from tradewind.contexts.catalog.archive_product.command import ArchiveProduct, archive_product
from tradewind.contexts.catalog.arrange_image import rest as arrange_image_rest
from tradewind.contexts.catalog.arrange_image.command import arrange_image
from tradewind.contexts.catalog.create_category import rest as create_category_rest
from tradewind.contexts.catalog.create_category.command import CreateCategory, create_category
from tradewind.contexts.catalog.create_product import rest as create_product_rest
from tradewind.contexts.catalog.create_product.command import CreateProduct, create_product
from tradewind.contexts.catalog.get_media import rest as get_media_rest
from tradewind.contexts.catalog.get_media.query import get_media
from tradewind.contexts.catalog.get_product import rest as get_product_rest
from tradewind.contexts.catalog.get_product.kept import ShowProduct, show_product
from tradewind.contexts.catalog.get_product.query import GetProduct, find_product, get_product
from tradewind.contexts.catalog.import_products.command import MAX_PRODUCTS, Imported, ImportProducts, import_products
from tradewind.contexts.catalog.import_products.planning import FeedProduct
from tradewind.contexts.catalog.list_categories import rest as list_categories_rest
from tradewind.contexts.catalog.list_categories.query import list_categories
from tradewind.contexts.catalog.list_products import rest as list_products_rest
from tradewind.contexts.catalog.list_products.query import ListProducts, list_products
from tradewind.contexts.catalog.list_sold_out import rest as list_sold_out_rest
from tradewind.contexts.catalog.list_sold_out.query import list_sold_out
from tradewind.contexts.catalog.peer import Catalog
from tradewind.contexts.catalog.remove_image import rest as remove_image_rest
from tradewind.contexts.catalog.remove_image.command import remove_image
from tradewind.contexts.catalog.search_products import rest as search_products_rest
from tradewind.contexts.catalog.search_products.query import SearchProducts, search_products
from tradewind.contexts.catalog.suggest_products import rest as suggest_products_rest
from tradewind.contexts.catalog.suggest_products.query import SuggestProducts, suggest_products
from tradewind.contexts.catalog.update_category import rest as update_category_rest
from tradewind.contexts.catalog.update_category.command import UpdateCategory, update_category
from tradewind.contexts.catalog.update_product import rest as update_product_rest
from tradewind.contexts.catalog.update_product.command import UpdateProduct, update_product
from tradewind.contracts.catalog import CatalogPeer
from tradewind.runtime.manifest import Manifest

__all__ = [
    "MANIFEST",
    "MAX_PRODUCTS",
    "AddVariant",
    "ArchiveProduct",
    "CreateCategory",
    "CreateProduct",
    "FeedProduct",
    "FirstPrice",
    "GetProduct",
    "ImportProducts",
    "Imported",
    "Kind",
    "ListProducts",
    "MediaFolder",
    "SearchProducts",
    "ShowProduct",
    "SuggestProducts",
    "UpdateCategory",
    "UpdateProduct",
]

_peer: CatalogPeer = Catalog()
MANIFEST = Manifest(
    name="catalog",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        create_product,
        update_product,
        archive_product,
        add_variant,
        get_product,
        find_product,
        show_product,
        list_products,
        list_sold_out,
        search_products,
        suggest_products,
        create_category,
        update_category,
        list_categories,
        import_products,
        prepare_image,
        add_image,
        arrange_image,
        remove_image,
        get_media,
    ),
    routes=(
        create_product_rest.create_product,
        update_product_rest.update_product,
        archive_product_rest.archive_product,
        add_variant_rest.add_variant,
        get_product_rest.get_product,
        get_product_rest.find_product,
        list_products_rest.list_products,
        list_sold_out_rest.list_sold_out,
        search_products_rest.search_products,
        suggest_products_rest.suggest_products,
        create_category_rest.create_category,
        update_category_rest.update_category,
        list_categories_rest.list_categories,
        add_image_rest.add_image,
        arrange_image_rest.arrange_image,
        remove_image_rest.remove_image,
        get_media_rest.get_media,
    ),
    subscribers=(on_price_changed, availability, sold_out, rating, listing),
    listeners=(forget_products,),
    timers=(KEEP_INDEX, TELL_INDEX),
    peers={CatalogPeer: _peer},
)

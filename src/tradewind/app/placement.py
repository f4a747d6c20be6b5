"""Which contexts a process serves, and which of them share its database: `tradewind serve [CONTEXT …]`.

Without names a process serves all that are not elsewhere. Contexts that are named share one database with the others,
but for inventory where TRADEWIND_INVENTORY_DATABASE_URL gives it one of its own: then others ask it by
TRADEWIND_INVENTORY_URL.
"""

import importlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tradewind.app.settings import SettingError, Settings

if TYPE_CHECKING:
    from tradewind.runtime.manifest import Manifest

CONTEXTS: Final = (
    "identity",
    "customers",
    "catalog",
    "pricing",
    "inventory",
    "payments",
    "shipping",
    "carts",
    "notifications",
    "orders",
    "returns",
    "reviews",
    "recommendations",
    "webhooks",
    "analytics",
)
"""Every context, those that others ask before those that ask."""
GATEWAY: Final = "gateway"
"""No context: the process that passes requests on to those of contexts."""
INVENTORY: Final = "inventory"
ORDERS: Final = "orders"
PAYMENTS: Final = "payments"
RETURNS: Final = "returns"


def manifests(names: Sequence[str] = CONTEXTS) -> "tuple[Manifest, ...]":
    """The tables of contents of the contexts named; imports nothing of the others."""
    return tuple(importlib.import_module(f"tradewind.contexts.{name}.manifest").MANIFEST for name in names)


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """These contexts, each once, in the order of CONTEXTS; all of them where none is named. Raises SettingError."""
    unknown = sorted(set(names) - {*CONTEXTS})
    if unknown:
        raise SettingError(
            f"There is no context named {', '.join(unknown)}. There are: {', '.join(CONTEXTS)}; and {GATEWAY}, alone."
        )
    return tuple(one for one in CONTEXTS if not names or one in names)


def served(settings: Settings) -> tuple[str, ...]:
    """The contexts whose routes, subscribers, sagas and timers a process with these settings has.

    Raises SettingError for names that there are not, and for what cannot work apart.
    """
    found = chosen(settings.contexts)
    if settings.inventory_url is not None and not is_apart(settings):
        if INVENTORY in settings.contexts:
            raise SettingError(
                "TRADEWIND_INVENTORY_URL says that inventory is elsewhere: serve the others without it, and inventory "
                "alone, with TRADEWIND_INVENTORY_DATABASE_URL."
            )
        found = tuple(one for one in found if one != INVENTORY)
    if len(found) < len(CONTEXTS) and settings.kafka_servers is None:
        raise SettingError(
            "Contexts in processes of their own hear each other by Kafka: set TRADEWIND_KAFKA_SERVERS, or serve all."
        )
    return found


def installed(settings: Settings) -> tuple[str, ...]:
    """The contexts in this process's database, whom those that are served may ask within their transactions."""
    if is_apart(settings):
        return (INVENTORY,)
    return tuple(one for one in CONTEXTS if one != INVENTORY or settings.inventory_url is None)


def is_apart(settings: Settings) -> bool:
    """Whether this process is inventory with a database of its own."""
    return settings.inventory_database_url is not None and settings.contexts == (INVENTORY,)


def at_home(settings: Settings) -> Settings:
    """The settings as the process's own database wants them: inventory's, where this is inventory with one."""
    if not is_apart(settings):
        return settings
    return replace(settings, database_url=settings.inventory_database_url, inventory_url=None)


def of_inventory(settings: Settings) -> Settings:
    """The settings of inventory's own process, for who opens both. Raises SettingError where it has no database."""
    if settings.inventory_database_url is None:
        raise SettingError(
            "TRADEWIND_INVENTORY_URL says that inventory is elsewhere: TRADEWIND_INVENTORY_DATABASE_URL must say where "
            "it keeps its stock."
        )
    return at_home(replace(settings, contexts=(INVENTORY,)))


def named(settings: Settings, part: str) -> str:
    """What one of a shop's processes calls itself in its log."""
    return "/".join(filter(None, ("-".join(settings.contexts), part)))


def kind(settings: Settings) -> str:
    """What processes that serve the same call themselves together: their consumer group, their files."""
    found = served(settings)
    return "shop" if len(found) == len(CONTEXTS) else "-".join(found)

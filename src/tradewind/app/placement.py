"""Which contexts a process serves, and which of them share its database: `tradewind serve [CONTEXT …]`.

Without names a process serves all that are not elsewhere. Contexts that are named share one database with the others,
but for inventory and payments where TRADEWIND_INVENTORY_DATABASE_URL or TRADEWIND_PAYMENTS_DATABASE_URL gives them one
of their own: then others ask them by TRADEWIND_INVENTORY_URL or TRADEWIND_PAYMENTS_URL.
"""

import importlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

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
PAYMENTS: Final = "payments"
MAY_BE_APART: Final = (INVENTORY, PAYMENTS)
"""Those that may have a database of their own; of each there are the settings NAME_url and NAME_database_url."""


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
    if alone(settings) is None:
        away = elsewhere(settings)
        for one in away:
            if one in settings.contexts:
                raise SettingError(
                    f"{_url_of(one)} says that {one} is elsewhere: serve the others without it, and {one} alone, with "
                    f"{_database_of(one)}."
                )
        for one in MAY_BE_APART:
            if one not in away and _its(settings, "database_url", one) is not None:
                raise SettingError(
                    f"{_database_of(one)} gives {one} a database of its own: {_url_of(one)} must say where others ask "
                    "it, or neither is set."
                )
        found = tuple(one for one in found if one not in away)
    if len(found) < len(CONTEXTS) and settings.kafka_servers is None:
        raise SettingError(
            "Contexts in processes of their own hear each other by Kafka: set TRADEWIND_KAFKA_SERVERS, or serve all."
        )
    return found


def installed(settings: Settings) -> tuple[str, ...]:
    """The contexts in this process's database, whom those that are served may ask within their transactions."""
    own = alone(settings)
    if own is not None:
        return (own,)
    away = elsewhere(settings)
    return tuple(one for one in CONTEXTS if one not in away)


def elsewhere(settings: Settings) -> tuple[str, ...]:
    """Those that may be apart and are: in a process and a database of their own, which are not this one's."""
    own = alone(settings)
    return tuple(one for one in MAY_BE_APART if one != own and _its(settings, "url", one) is not None)


def alone(settings: Settings) -> str | None:
    """The context that this process is, where it is one with a database of its own; None where it is of the others."""
    for one in MAY_BE_APART:
        if settings.contexts == (one,) and _its(settings, "database_url", one) is not None:
            return one
    return None


def at_home(settings: Settings) -> Settings:
    """The settings as the process's own database wants them: the context's, where it is alone with one."""
    own = alone(settings)
    if own is None:
        return settings
    nowhere: dict[str, Any] = {f"{own}_url": None}
    return replace(settings, database_url=_its(settings, "database_url", own), **nowhere)


def of_context(settings: Settings, name: str) -> Settings:
    """The settings of the process of a context that is elsewhere, for who opens its database, too.

    Raises SettingError where nothing says which database that is.
    """
    if _its(settings, "database_url", name) is None:
        _refused(name)
    return at_home(replace(settings, contexts=(name,)))


def databases_apart(settings: Settings) -> dict[str, str]:
    """Context to its own database, of all that have one. Raises SettingError where one is elsewhere, and that is not
    named."""
    found = named_apart(settings)
    for one in elsewhere(settings):
        if one not in found:
            _refused(one)
    return found


def named_apart(settings: Settings) -> dict[str, str]:
    """Context to its own database, of those for which a setting names one."""
    its = {one: _its(settings, "database_url", one) for one in MAY_BE_APART}
    return {one: url for one, url in its.items() if url}


def _refused(name: str) -> NoReturn:
    raise SettingError(
        f"{_url_of(name)} says that {name} is elsewhere: {_database_of(name)} must say where it keeps what it has."
    )


def _its(settings: Settings, what: str, name: str) -> str | None:
    """What a setting says of one of those that may be apart: its `url`, its `database_url`."""
    found: str | None = getattr(settings, f"{name}_{what}")
    return found


def _url_of(name: str) -> str:
    return f"TRADEWIND_{name.upper()}_URL"


def _database_of(name: str) -> str:
    return f"TRADEWIND_{name.upper()}_DATABASE_URL"


def named(settings: Settings, part: str) -> str:
    """What one of a shop's processes calls itself in its log."""
    return "/".join(filter(None, ("-".join(settings.contexts), part)))


def kind(settings: Settings) -> str:
    """What processes that serve the same call themselves together: their consumer group, their files."""
    found = served(settings)
    return "shop" if len(found) == len(CONTEXTS) else "-".join(found)

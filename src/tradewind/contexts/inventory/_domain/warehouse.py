"""A warehouse: where stock lies, and what an owner may say of it. Pure."""

import re
from typing import Final

from msgspec import Struct

from tradewind.contracts.inventory import MAIN
from tradewind.kernel.errors import Conflict, Invalid

MAX_NAME: Final = 100
MAX_ADDRESS: Final = 300
MAX_POSTAL_CODE: Final = 16
MAX_PRIORITY: Final = 1_000
MAX_WAREHOUSES: Final = 100
MAX_NAMED: Final = 10
"""So many returns are named at most that stand in the way of closing."""
CODE: Final = "^[A-Z0-9][A-Z0-9-]{0,31}$"
COUNTRY: Final = "^[A-Z]{2}$"


class InvalidWarehouse(Invalid):
    """What is said of the warehouse breaks a rule. `errors` names each."""


class WarehouseExists(Conflict):
    """A warehouse with this code is there already."""


class TooManyWarehouses(Conflict):
    """No shop has more warehouses than this."""


class WarehouseNotEmpty(Conflict):
    """Goods lie there; transfer them first. `pieces` says how many."""


class Warehouse(Struct, frozen=True, kw_only=True):
    """A place. The lower `priority` is, the sooner goods are taken from it; into an inactive one nothing is put."""

    code: str
    name: str
    country: str | None = None
    postal_code: str = ""
    address: str = ""
    priority: int = 100
    active: bool = True


def check(one: Warehouse) -> None:
    """Refuse (InvalidWarehouse) what nobody can find, or what would close the main one."""
    wrong = {
        "/code": (not re.fullmatch(CODE, one.code), "Expected up to 32 capital letters, digits and hyphens."),
        "/name": (not _says_something(one.name, MAX_NAME), f"Expected 1 to {MAX_NAME} printable characters."),
        "/country": (one.country is not None and not re.fullmatch(COUNTRY, one.country), "Expected two letters."),
        "/postalCode": (not _fits(one.postal_code, MAX_POSTAL_CODE), f"Up to {MAX_POSTAL_CODE} characters."),
        "/address": (not _fits(one.address, MAX_ADDRESS), f"Up to {MAX_ADDRESS} printable characters."),
        "/priority": (not 0 <= one.priority <= MAX_PRIORITY, f"Expected 0 to {MAX_PRIORITY}."),
        "/active": (one.code == MAIN and not one.active, "The main warehouse stays."),
    }
    errors = [{"pointer": pointer, "detail": detail} for pointer, (is_wrong, detail) in wrong.items() if is_wrong]
    if errors:
        raise InvalidWarehouse(errors=errors)


def _fits(text: str, limit: int) -> bool:
    return len(text) <= limit and (not text or text.isprintable())


def _says_something(text: str, limit: int) -> bool:
    return bool(text.strip()) and _fits(text, limit)

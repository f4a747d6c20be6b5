"""Where nobody carries goods: real ISO 3166 countries and territories without a postal or parcel service. Pure."""

from collections.abc import Mapping
from typing import Final

UNSERVED: Final[Mapping[str, str]] = {
    "AQ": "Antarctica",
    "BV": "Bouvet Island",
    "HM": "Heard Island and McDonald Islands",
    "TF": "French Southern Territories",
    "UM": "United States Minor Outlying Islands",
}
"""No carrier takes parcels there; nobody lives there for good, only research stations and garrisons."""


def unavailable(address: Mapping[str, str]) -> str | None:
    """Why nobody carries goods to this address; None where somebody does. `country` is ISO 3166 alpha-2.

    Without a country the goods are fetched, so there is nothing to carry.
    """
    country = address.get("country", "").strip().upper()
    return f"nobody carries goods to {UNSERVED[country]}" if country in UNSERVED else None

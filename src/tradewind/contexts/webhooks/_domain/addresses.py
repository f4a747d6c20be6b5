"""Which addresses the shop dials for a partner: public ones, and those that its owner allows.

`ipaddress.is_global` calls NAT64, 6to4 and multicast public, depending on the release: so the blocks are listed here.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from tradewind.kernel.errors import Invalid

NOT_PUBLIC_4: Final = tuple(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
)))  # fmt: skip
PUBLIC_6: Final = ip_network("2000::/3")
NOT_PUBLIC_6: Final = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
MAX_URL: Final = 2_000


class UnfitUrl(Invalid):
    """A webhook's address is https://host/…, on the public internet, without a user, a password or a fragment."""


def may_dial(address: str, allowed: Sequence[str]) -> bool:
    """Whether a connection to this very address may be opened. `allowed`: networks of the owner's."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    if any(found in ip_network(network, strict=False) for network in allowed):
        return True
    if isinstance(found, IPv4Address):
        return not any(found in network for network in NOT_PUBLIC_4)
    return found in PUBLIC_6 and not any(found in network for network in NOT_PUBLIC_6)


def checked_url(url: str, allowed: Sequence[str]) -> str:
    """`url`, or UnfitUrl. Where the owner allows networks for development, http will do as well."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise UnfitUrl from None
    schemes = ("https", "http") if allowed else ("https",)
    strange = len(url) > MAX_URL or any(c in '\\ "<>^`{|}' or not "!" <= c <= "~" for c in url)
    if strange or parts.scheme not in schemes or not host or "@" in parts.netloc or parts.fragment:
        raise UnfitUrl
    try:
        ip_address(host)
    except ValueError:
        return url
    if not may_dial(host, allowed):
        raise UnfitUrl
    return url

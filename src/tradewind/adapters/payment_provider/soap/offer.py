"""What the legacy gateway offers: its WSDL, which lies beside this file and is never fetched, and its names."""

from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

NAMESPACE: Final = "urn:tradewind:payment:v1"
BINDING: Final = f"{{{NAMESPACE}}}PaymentBinding"
PATH: Final = "/soap/payment"
WSDL: Final = (Path(__file__).parent / "payment.wsdl").read_bytes()
_NOWHERE: Final = b'"http://localhost/soap/payment"'


def wsdl(address: str) -> bytes:
    """The WSDL of the gateway that answers at `address`."""
    return WSDL.replace(_NOWHERE, quoteattr(address).encode())

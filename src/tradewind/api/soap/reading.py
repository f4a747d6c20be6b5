"""SOAP envelopes from strangers: no document type, no entities, no includes, nothing fetched, little of everything.

The document type is refused as soon as it is seen, before anything that it declares is read; SOAP 1.1 knows neither it
nor processing instructions. Whatever else is not a plain envelope around one element of texts is a fault as well.
"""

from collections.abc import Mapping
from typing import Any, Final

from lxml import etree
from msgspec import Struct

ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
MAX_BYTES: Final = 16_384
MAX_DEPTH: Final = 8
MAX_ELEMENTS: Final = 64
MAX_ATTRIBUTES: Final = 64
_ADDRESSING: Final = (
    "http://www.w3.org/2005/08/addressing",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing",
)


class SoapFault(Exception):  # noqa: N818 -- SOAP's own word
    """The answer is a fault: `code` is SOAP's (Client, Server, MustUnderstand) with our own word after a dot."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Request(Struct, frozen=True):
    """What is asked: the operation and its parameters; one that is there and empty is not one that is missing."""

    operation: str
    parameters: Mapping[str, str]


def read(body: bytes, namespace: str) -> Request:
    """The operation of `namespace` in this envelope. Raises SoapFault."""
    if len(body) > MAX_BYTES:
        raise SoapFault("Client.TooLarge", f"A request has at most {MAX_BYTES} bytes.")
    envelope = _parse(body)
    if envelope.tag != f"{{{ENVELOPE}}}Envelope":
        raise SoapFault("VersionMismatch", "This is no envelope of SOAP 1.1.")
    parts = list(envelope)
    if parts and parts[0].tag == f"{{{ENVELOPE}}}Header":
        for block in parts.pop(0):
            _check_header(block)
    if len(parts) != 1 or parts[0].tag != f"{{{ENVELOPE}}}Body" or len(parts[0]) != 1:
        raise SoapFault("Client", "An envelope holds one body, and a body one operation.")
    asked = etree.QName(parts[0][0])
    if asked.namespace != namespace:
        raise SoapFault("Client.UnknownOperation", "There is no such operation; see the WSDL.")
    return Request(asked.localname, _parameters(parts[0][0], namespace))


def _parse(body: bytes) -> Any:
    """The document's root, by a parser of its own: what one request leaves behind no other one finds."""
    target: Any = _Guarded()
    parser: Any = etree.XMLParser(
        target=target,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError, LookupError) as trouble:
        raise SoapFault("Client.NotXml", "This cannot be read as XML.") from trouble


class _Guarded:  # lxml asks for these methods by their names
    """Builds the tree, and stops the parser at the first thing that no honest envelope has."""

    def __init__(self) -> None:
        self._tree: Any = etree.TreeBuilder()
        self._depth = self._elements = 0

    def doctype(self, name: str, public_id: str | None, system_url: str | None) -> None:
        raise SoapFault("Client.DocumentType", "A document type is refused, and all that it declares.")

    def pi(self, target: str, data: str | None = None) -> None:
        raise SoapFault("Client.ProcessingInstruction", "SOAP knows no processing instructions.")

    def comment(self, text: str) -> None:
        """Comments say nothing to us."""

    def start(self, tag: str, attributes: Mapping[str, str], nsmap: Mapping[str | None, str] | None = None) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES:
            raise SoapFault("Client.TooLarge", "This is deeper, or has more parts, than any request.")
        self._tree.start(tag, dict(attributes))

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._tree.end(tag)

    def data(self, data: str) -> None:
        self._tree.data(data)

    def close(self) -> Any:
        return self._tree.close()


def _check_header(block: Any) -> None:
    """Nothing is understood; what asks for answers elsewhere is refused, whether or not it must be understood."""
    name = etree.QName(block)
    if name.namespace in _ADDRESSING:
        raise SoapFault("Client.Addressing", "Answers go to whoever asks, and nowhere else.")
    if block.get(f"{{{ENVELOPE}}}mustUnderstand") in ("1", "true"):
        raise SoapFault("MustUnderstand", f"The header {name.localname} is not understood.")


def _parameters(operation: Any, namespace: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in operation:
        name = etree.QName(one)
        if name.namespace not in (namespace, None) or len(one) or name.localname in found:
            raise SoapFault("Client.UnknownParameter", f"The parameter {name.localname} cannot be understood.")
        found[name.localname] = one.text or ""
    return found

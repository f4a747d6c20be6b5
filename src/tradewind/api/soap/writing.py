"""SOAP 1.1 answers and faults, as bytes."""

from collections.abc import Mapping
from typing import Any

from lxml import etree

from tradewind.api.soap.reading import ENVELOPE, SoapFault


def answer(operation: str, namespace: str, fields: Mapping[str, str]) -> bytes:
    """The operation's answer: its fields that are not empty, in this order."""
    envelope, body = _envelope({"pay": namespace})
    response = etree.SubElement(body, f"{{{namespace}}}{operation}Response")
    for name, value in fields.items():
        if value:
            etree.SubElement(response, f"{{{namespace}}}{name}").text = value
    return _bytes(envelope)


def fault(refused: SoapFault) -> bytes:
    """The fault; it goes out with status 500, as SOAP 1.1 wants."""
    envelope, body = _envelope({})
    element = etree.SubElement(body, f"{{{ENVELOPE}}}Fault")
    etree.SubElement(element, "faultcode").text = f"soap:{refused.code}"
    etree.SubElement(element, "faultstring").text = refused.detail
    return _bytes(envelope)


def _envelope(namespaces: Mapping[str, str]) -> tuple[Any, Any]:
    envelope: Any = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soap": ENVELOPE, **namespaces})
    return envelope, etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")


def _bytes(envelope: Any) -> bytes:
    written: bytes = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    return written

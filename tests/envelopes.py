"""SOAP envelopes for tests, put together as text: an attack is no well-formed tree."""

from xml.sax.saxutils import escape

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PAYMENT = "urn:tradewind:payment:v1"


def envelope(operation: str, *, head: str = "", header: str = "", **parameters: str) -> bytes:
    """An envelope that asks for `operation`; `head` stands before it, `header` in its header, both as they are."""
    body = "".join(f"<p:{name}>{escape(value)}</p:{name}>" for name, value in parameters.items())
    return wrapped(f"<p:{operation}>{body}</p:{operation}>", head=head, header=header)


def wrapped(body: str, *, head: str = "", header: str = "") -> bytes:
    """An envelope around `body`, which is taken as it is."""
    before = f"<s:Header>{header}</s:Header>" if header else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}<s:Envelope xmlns:s="{SOAP}" xmlns:p="{PAYMENT}">{before}'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()

"""The shop's own `/soap/payment`: it shows the gateway's WSDL, and takes no payment: that is what its address is for.

Whoever posts here is read with every door shut and told by a fault where to go. An envelope names nobody who could be
allowed to move money, so nothing is forwarded.
"""

from collections.abc import Mapping
from typing import Any, Final

from tradewind.api.rest import bodies, headers
from tradewind.api.rest.refusals import BodyTooLarge, BodyTooSlow
from tradewind.api.soap.reading import MAX_BYTES, SoapFault, read
from tradewind.api.soap.writing import fault

_XML: Final = (b"content-type", b"text/xml; charset=utf-8")
_TOO_MUCH: Final = SoapFault("Client.TooLarge", f"A request has at most {MAX_BYTES} bytes, and comes in one piece.")


class SoapDoor:
    """An ASGI application for one address. `wsdl` names the `address` at which `namespace` is really answered."""

    def __init__(self, wsdl: bytes, namespace: str, address: str) -> None:
        self._wsdl, self._namespace = wsdl, namespace
        self._elsewhere = SoapFault("Client.Elsewhere", f"Payments are taken at {address}, as the WSDL says.")

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        known = headers.read(scope["headers"])
        match scope["method"]:
            case "GET" | "HEAD":
                status, body = 200, self._wsdl
            case "POST":
                try:
                    status, body = 500, fault(await self._refusal(receive, known))
                except bodies.ClientGone:
                    return
            case _:
                status, body = 405, b""
        if bodies.is_coming(known) and scope["method"] != "POST":
            await bodies.discard(receive)
        given = [_XML, *headers.SEALED, (b"correlation-id", headers.trail(known).correlation_id.encode())]
        given += [(b"allow", b"GET, HEAD, POST")] if status == 405 else []
        given.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": given})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _refusal(self, receive: Any, known: Mapping[bytes, bytes]) -> SoapFault:
        try:
            read(await bodies.read(receive, known, MAX_BYTES), self._namespace)
        except (BodyTooLarge, BodyTooSlow):
            return _TOO_MUCH
        except SoapFault as found:
            return found
        return self._elsewhere

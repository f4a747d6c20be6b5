"""The policy port on an OPA server, which holds the same Rego files (`tradewind policy push` puts them there).

Asked within a transaction and by a loop that others wait for, so an answer must come at once: the server is meant to be
a sidecar on the same machine. Answers are remembered for LASTS_S; where it is away nothing is decided, so nothing is
allowed beyond what is remembered.
"""

import http.client
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from tradewind.adapters.policy.rego import HOUSE_POLICIES, PolicyFault
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.telemetry.logs import log

WITHIN_S: Final = 0.25
"""Longest wait for one decision."""
PUSH_WITHIN_S: Final = 10.0
REST_S: Final = 1.0
"""For so long a server that did not answer is not asked again."""
LASTS_S: Final = 5.0
"""For so long a decision holds here, and as long where it was asked for: a changed rule counts after twice that."""
REMEMBERED_DECISIONS: Final = 4096
MAX_ANSWER_BYTES: Final = 64 * 1024
DECISION: Final = "/v1/data/tradewind/authz/allow"
HEADERS: Final = {"Content-Type": "application/json"}

_canonical = msgspec.json.Encoder(order="deterministic").encode


class PolicyAway(Unavailable):
    """Who may do what cannot be decided right now; nothing is allowed meanwhile."""


class OpaPolicy:
    """Asks the OPA server at `url`. Not for use by several threads at once."""

    lasts_s = LASTS_S

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=WITHIN_S)
        self._path = parts.path.rstrip("/") + DECISION
        self._decisions: OrderedDict[bytes, tuple[bool, float]] = OrderedDict()
        self._rests_until_s = 0.0

    def allows(self, question: Mapping[str, Any], /) -> bool:
        """Whether the rules say yes.

        Raises:
            PolicyAway: The server does not answer, or holds no rules of ours, as after a restart.
            PolicyFault: It answers what is no decision.

        """
        key = _canonical(question)
        known = self._decisions.get(key)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        decision = self._ask(key)
        self._decisions[key] = decision, time.monotonic() + LASTS_S
        self._decisions.move_to_end(key)
        if len(self._decisions) > REMEMBERED_DECISIONS:
            self._decisions.popitem(last=False)
        return decision

    def _ask(self, question: bytes) -> bool:
        if time.monotonic() < self._rests_until_s:
            raise PolicyAway
        body = b'{"input":' + question + b"}"
        try:
            status, answer = self._post(body)
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._rests_until_s = time.monotonic() + REST_S
            raise PolicyAway from None
        decision = None if status >= 500 else _decision(status, answer)
        if decision is None:
            self._rests_until_s = time.monotonic() + REST_S
            raise PolicyAway
        return decision

    def _post(self, body: bytes) -> tuple[int, bytes]:
        """One question, one answer; once more where a connection that was kept open had been closed by the server."""
        kept = self._connection.sock is not None
        try:
            return self._once(body)
        except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
            if not kept:
                raise
            self._connection.close()
            return self._once(body)

    def _once(self, body: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", self._path, body, HEADERS)
        answer = self._connection.getresponse()
        read = answer.read(MAX_ANSWER_BYTES)
        if not answer.isclosed():  # longer than any decision
            self._connection.close()
        return answer.status, read


def _decision(status: int, answer: bytes) -> bool | None:
    """None where it knows of no such question: our rules always say yes or no, so it holds none of them."""
    try:
        told = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        told = None
    if status != 200 or not isinstance(told, dict):
        raise PolicyFault(f"OPA answered with {status} and no decision.")
    if "result" not in told:
        log.warning("policy server holds no rules", advice="tradewind policy push")
        return None
    if not isinstance(told["result"], bool):
        raise PolicyFault("OPA answers what is neither yes nor no: are the rules those of `tradewind policy push`?")
    return bool(told["result"])


def push(url: str, directory: Path = HOUSE_POLICIES) -> list[str]:
    """Put every `*.rego` of a directory into the server, in place of those of the same name; their names.

    Raises:
        PolicyAway: The server does not answer.
        PolicyFault: It does not take one of them.

    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PUSH_WITHIN_S)
    names = []
    try:
        for source in sorted(directory.glob("*.rego")):
            name = f"tradewind/{source.name}"
            path = f"{parts.path.rstrip('/')}/v1/policies/{quote(name)}"
            connection.request("PUT", path, source.read_bytes(), {"Content-Type": "text/plain"})
            answer = connection.getresponse()
            said = answer.read(MAX_ANSWER_BYTES)
            if answer.status != 200:
                raise PolicyFault(f"OPA does not take {source.name}: {said[:500].decode(errors='replace')}")
            names.append(name)
    except (OSError, http.client.HTTPException):
        raise PolicyAway(f"Nothing answers at {parts.hostname}:{parts.port}.") from None
    finally:
        connection.close()
    return names

"""The keys of an outside issuer (OpenID Connect Discovery, JWK Set): fetched when a token first needs them, and kept.

A key that is not known is asked for, at most once in ASK_EVERY_S whatever strangers send; known ones are looked at anew
after FRESH_S, behind the back of whoever asks. While the issuer is away the known ones go on, for KEPT_S at most.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from msgspec import Struct

from tradewind.api.auth.outside import OutsideKey
from tradewind.api.auth.tokens import TokenInvalid
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log

ANSWER_S: Final = 2.0
"""Longest wait for one answer of the issuer."""
ASK_EVERY_S: Final = 5.0
FRESH_S: Final = 300.0
KEPT_S: Final = 24 * 3600.0
MAX_ANSWER_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 50
MAX_KID: Final = 200
WEAKEST_RSA_BITS: Final = 2048
BITS_PER_LETTER: Final = 6
DISCOVERY: Final = "/.well-known/openid-configuration"
RSA_ALGORITHMS: Final = ("RS256", "PS256")
EC_ALGORITHMS: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


class IssuerAway(Unavailable):
    """The outside issuer cannot be asked for its keys right now."""


class Discovered(Struct, frozen=True):
    """Of an issuer's configuration what matters here."""

    issuer: str
    jwks_uri: str


class _KeySet(Struct, frozen=True):
    keys: list[dict[str, Any]]


class IssuerKeys:
    """What is known of the keys of one issuer in one process. Opened by `issuer_keys`."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        issuer: str,
        *,
        ask_every_s: float = ASK_EVERY_S,
        fresh_s: float = FRESH_S,
        kept_s: float = KEPT_S,
    ) -> None:
        self._http, self._issuer = http, issuer
        self._ask_every_s, self._fresh_s, self._kept_s = ask_every_s, fresh_s, kept_s
        self._keys: Mapping[str, OutsideKey] = {}
        self._learned_at = self._asked_at = float("-inf")
        self._away = False
        self._asking: asyncio.Task[None] | None = None

    def get(self, kid: str, /) -> OutsideKey | None:
        """The key of that id, or None."""
        age_s = monotonic() - self._learned_at
        if self._keys and age_s > self._fresh_s:
            self._ask()
        return self._keys.get(kid) if age_s <= self._kept_s else None

    async def learn(self, kid: str) -> None:
        """Ask for it, with everybody else who asks now. Refuses TokenInvalid or IssuerAway."""
        await self._asked()
        if self._away:
            raise IssuerAway
        if kid not in self._keys:
            raise TokenInvalid

    async def check(self) -> None:
        """Refuse (IssuerAway) where the issuer did not answer when it was asked last."""
        if monotonic() - self._asked_at > self._fresh_s or self._away:
            await self._asked()
        if self._away:
            raise IssuerAway

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _asked(self) -> None:
        self._ask()
        if self._asking is not None:
            await asyncio.shield(self._asking)

    def _ask(self) -> None:
        """Begin to ask, unless that goes on or was done just now."""
        going_on = self._asking is not None and not self._asking.done()
        if not going_on and monotonic() - self._asked_at >= self._ask_every_s:
            self._asked_at = monotonic()
            self._asking = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        try:
            found = await self._discovered()
            self._keys = keys_in(await self._read(found.jwks_uri))
            self._learned_at = monotonic()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as trouble:  # msgspec's errors are ValueErrors
            if not self._away:
                log.warning("outside issuer is away", error=type(trouble).__name__)
            self._away = True
        else:
            if self._away:
                log.info("outside issuer is back")
            self._away = False
        metrics.outside_issuer_away.set(self._away)

    async def _discovered(self) -> Discovered:
        found = msgspec.json.decode(await self._read(self._issuer.rstrip("/") + DISCOVERY), type=Discovered)
        schemes = urlsplit(self._issuer).scheme, urlsplit(found.jwks_uri).scheme
        if found.issuer != self._issuer or schemes not in (("https", "https"), ("http", "http"), ("http", "https")):
            raise ValueError("the configuration is another issuer's, or has its keys where anybody can change them")
        return found

    async def _read(self, url: str) -> bytes:
        async with self._http.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise ValueError(f"the issuer says {answer.status}")
            content = b""
            while more := await answer.content.read(MAX_ANSWER_BYTES):
                content += more
                if len(content) > MAX_ANSWER_BYTES:
                    raise ValueError("the issuer says too much")
            return content


def keys_in(content: bytes) -> Mapping[str, OutsideKey]:
    """The keys of a JWK Set that can verify a signature here; others are passed over. Raises ValueError."""
    listed = msgspec.json.decode(content, type=_KeySet).keys[:MAX_KEYS]
    return {kid: key for kid, key in map(_key, listed) if kid and key}


def _key(said: Mapping[str, Any]) -> tuple[str, OutsideKey | None]:
    kid = said.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID or said.get("use", "sig") != "sig":
        return "", None
    try:
        match said:
            case {"kty": "RSA", "n": str(n), "e": str(e)} if len(n) * BITS_PER_LETTER >= WEAKEST_RSA_BITS:
                key = RSAKey.import_key({"kty": "RSA", "n": n, "e": e})
                algorithm = said.get("alg", RSA_ALGORITHMS[0])
                good = algorithm in RSA_ALGORITHMS and key.public_key.key_size >= WEAKEST_RSA_BITS
                return kid, OutsideKey(key, algorithm) if good else None
            case {"kty": "EC", "crv": str(crv), "x": str(x), "y": str(y)} if crv in EC_ALGORITHMS:
                algorithm = EC_ALGORITHMS[crv]
                good = said.get("alg", algorithm) == algorithm
                point = ECKey.import_key({"kty": "EC", "crv": crv, "x": x, "y": y})
                return kid, OutsideKey(point, algorithm) if good else None
    except (JoseError, ValueError, TypeError):
        pass
    return kid, None


@asynccontextmanager
async def issuer_keys(issuer: str, *, ask_every_s: float = ASK_EVERY_S) -> AsyncIterator[IssuerKeys]:
    """The keys of the issuer at that address, until the block is left. Nothing is asked before a token needs it."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=ANSWER_S), cookie_jar=aiohttp.DummyCookieJar()
    ) as http:
        keys = IssuerKeys(http, issuer, ask_every_s=ask_every_s)
        try:
            yield keys
        finally:
            await keys.close()

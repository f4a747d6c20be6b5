"""A provider of notes that speaks Firebase Cloud Messaging's HTTP v1, and hands out a service account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.listening import listening
from tradewind.adapters.texting.fcm import GRANT, SCOPE, ServiceAccount
from tradewind.kernel.clock import now

LOOPBACK: Final = "127.0.0.1"
KEY: Final = RSAKey.generate_key(2048)
EMAIL: Final = "shop@project.iam.example"
DETAIL: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


class Firebase:
    """Script, a word per note: a status, a word of FCM's errors, or `lost` (taken, but the answer never comes)."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.took: list[dict[str, Any]] = []
        self.url = ""
        self.tokens = 0
        self.lifetime_s = 3600

    @property
    def account(self) -> ServiceAccount:
        """What the console hands out."""
        return ServiceAccount(
            project_id="project", client_email=EMAIL, private_key_id="1",
            private_key=KEY.as_pem(private=True).decode(), token_uri=f"{self.url}/token",
        )  # fmt: skip

    @property
    def shown(self) -> dict[str, dict[str, Any]]:
        """What is on the device's screen: of one tag, the newest."""
        return {one["android"]["notification"]["tag"]: one["notification"] for one in self.took}

    async def token(self, request: web.Request) -> web.Response:
        """A token for whoever signed with the account's key, is who they say, and says so now."""
        form = await request.post()
        try:
            claims = jwt.decode(str(form["assertion"]), KEY, algorithms=["RS256"]).claims
        except JoseError:
            return web.json_response({"error": "invalid_grant"}, status=400)
        fresh = claims["iat"] - 60 < now().timestamp() < claims["exp"] <= claims["iat"] + 3600
        named = (form["grant_type"], claims["iss"], claims["scope"], claims["aud"])
        if not fresh or named != (GRANT, EMAIL, SCOPE, f"{self.url}/token"):
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.tokens += 1
        return web.json_response({"access_token": f"token-{self.tokens}", "expires_in": self.lifetime_s})

    async def send(self, request: web.Request) -> web.Response:
        """Take a note, or say what the script says."""
        if request.headers.get("Authorization") != f"Bearer token-{self.tokens}":
            return web.json_response({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, status=401)
        word = self.script.pop(0) if self.script else "take"
        if word.isdecimal():
            return web.Response(status=int(word))
        if word.isupper():
            status = {"UNREGISTERED": 404, "SENDER_ID_MISMATCH": 403, "INVALID_ARGUMENT": 400}.get(word, 500)
            error = {"code": status, "details": [{"@type": DETAIL, "errorCode": word}]}
            return web.json_response({"error": error}, status=status)
        self.took.append((await request.json())["message"])
        if word == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"name": f"projects/project/messages/{len(self.took)}"})


@asynccontextmanager
async def a_firebase() -> AsyncIterator[Firebase]:
    """One that listens."""
    firebase = Firebase()
    app = web.Application()
    app.router.add_post("/token", firebase.token)
    app.router.add_post("/v1/projects/project/messages:send", firebase.send)
    async with listening(app) as firebase.url:
        yield firebase

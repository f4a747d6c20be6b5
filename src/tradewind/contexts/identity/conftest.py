"""Identity behind its own edge, on the test's own database, with keys of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from tradewind.adapters.mail.folder import FolderMail
from tradewind.api.auth.revocation import RevokedSessions
from tradewind.api.rest import create_app
from tradewind.contexts.identity._domain.keys import SigningKeys
from tradewind.contexts.identity.first_admin import create_first_admin
from tradewind.contexts.identity.manifest import MANIFEST, session_check
from tradewind.contracts.identity import TokenIssuer
from tradewind.ports.mail import Mailer

ISSUER = "http://shop.test"
PASSWORD = "correct horse battery staple"  # noqa: S105 -- of an admin who lives for one test


@pytest.fixture
def password() -> str:
    """The admin's."""
    return PASSWORD


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    """Signing keys that only this test knows."""
    return SigningKeys.open(tmp_path / "secrets", issuer=ISSUER)


@pytest_asyncio.fixture
async def client(shop: Any, keys: SigningKeys, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of identity's routes; there is an admin with PASSWORD."""
    shop.db.peers |= {TokenIssuer: keys, RevokedSessions: keys.revoked, Mailer: FolderMail(tmp_path / "mail")}
    await create_first_admin(shop.db, PASSWORD)
    app = create_app(
        MANIFEST.routes,
        verify=keys.verifier(),
        dispatch=shop.dispatch,
        registry=CollectorRegistry(),
        sessions=session_check(shop.db, keys.revoked, lambda: shop.tail.fresh),
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=ISSUER) as one:
        yield one

"""Whose tokens count here beside our own: those of the outside issuer that the owner names."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tradewind.api.auth.outside import ROLES, Expected, OutsideKeys, OutsideTokens
from tradewind.app.engines import EngineError
from tradewind.app.settings import Settings
from tradewind.contexts.identity.manifest import SigningKeys


@asynccontextmanager
async def trusting(settings: Settings, keys: SigningKeys) -> AsyncIterator[Mapping[type, object]]:
    """Have `keys` trust the outside issuer; who answers for its keys, where there is one. Asks nobody yet."""
    if settings.oidc_issuer is None:
        yield {}
        return
    from tradewind.adapters.identity_provider.oidc import issuer_keys

    expected = Expected(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        clients=settings.oidc_clients or (settings.oidc_audience,),
        roles=_roles(settings.oidc_roles),
    )
    async with issuer_keys(settings.oidc_issuer) as published:
        keys.trust(OutsideTokens(published, expected, revoked=keys.revoked))
        yield {OutsideKeys: published}


def _roles(pairs: tuple[str, ...]) -> Mapping[str, str]:
    """Theirs to ours; the same names where nothing is said."""
    if not pairs:
        return {role: role for role in ROLES}
    said = dict(pair.split("=") for pair in pairs)
    if unknown := sorted({*said.values()} - ROLES):
        raise EngineError(f"TRADEWIND_OIDC_ROLES: {unknown[0]!r} is no role; there are {', '.join(sorted(ROLES))}.")
    return said

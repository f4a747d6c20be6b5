"""The well-known addresses of an issuer (RFC 8414, OpenID Connect Discovery)."""

from typing import Any

from msgspec import Struct

from tradewind.api.auth.tokens import ALGORITHM, Claims
from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.identity.publish_keys.query import PublishConfiguration, PublishKeys
from tradewind.contracts.identity import SCOPES


class KeySet(Struct, frozen=True, kw_only=True):
    """A JWK Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class IssuerConfiguration(Struct, frozen=True, kw_only=True):
    """What a client needs to know of this issuer. There is no authorization endpoint: tokens come by grants alone."""

    issuer: str
    token_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    grant_types_supported: tuple[str, ...] = ("password", "refresh_token")
    response_types_supported: tuple[str, ...] = ()
    subject_types_supported: tuple[str, ...] = ("public",)
    id_token_signing_alg_values_supported: tuple[str, ...] = (ALGORITHM,)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("none",)
    revocation_endpoint_auth_methods_supported: tuple[str, ...] = ("none",)
    scopes_supported: tuple[str, ...] = tuple(sorted({scope for scopes in SCOPES.values() for scope in scopes}))
    claims_supported: tuple[str, ...] = tuple(sorted({*Claims.__struct_fields__, "email", "email_verified"}))
    service_documentation: str


@get("/.well-known/jwks.json", public=True)
async def get_key_set(call: Call, dispatch: Dispatch) -> KeySet:
    """Get the keys that verify our tokens."""
    return KeySet(**await dispatch(PublishKeys(), call))


@get("/.well-known/openid-configuration", public=True)
async def get_issuer_configuration(call: Call, dispatch: Dispatch) -> IssuerConfiguration:
    """Get the addresses and abilities of our token issuer."""
    issuer = await dispatch(PublishConfiguration(), call)
    return IssuerConfiguration(
        issuer=issuer,
        token_endpoint=f"{issuer}/api/v1/auth/token",
        revocation_endpoint=f"{issuer}/api/v1/auth/revoke",
        userinfo_endpoint=f"{issuer}/api/v1/auth/userinfo",
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        service_documentation=f"{issuer}/docs",
    )

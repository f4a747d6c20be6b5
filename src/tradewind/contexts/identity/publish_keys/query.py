"""The public keys, and where everything is."""

from collections.abc import Mapping
from typing import Any

from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class PublishKeys(Command, frozen=True, kw_only=True):
    """What verifies our tokens?"""


class PublishConfiguration(Command, frozen=True, kw_only=True):
    """Where are tokens to be had, and where are the keys?"""


@query(action="identity.publish_keys")
async def publish_keys(command: PublishKeys, tx: Tx) -> Mapping[str, Any]:
    """The JWK Set (RFC 7517)."""
    return tx.peer(TokenIssuer).key_set()


@query(action="identity.publish_keys")
async def publish_configuration(command: PublishConfiguration, tx: Tx) -> str:
    """The issuer, from which the rest of the discovery document follows."""
    return tx.peer(TokenIssuer).issuer

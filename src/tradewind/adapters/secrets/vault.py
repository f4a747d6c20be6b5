"""A secret of a Vault's (KV version 2), read once, before anything else of the shop is there."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import hvac
from hvac import exceptions
from requests import RequestException

ANSWER_S: Final = 5.0
"""Longest wait for one answer."""


class VaultError(Exception):
    """Nothing could be read. The message says why and what to do; it holds no token and no secret."""


def read(url: str, token: str, path: str) -> Mapping[str, str]:
    """What the secret at `path` (mount/name) holds, name by name. Raises VaultError.

    A token that can be renewed is: each start has it live on for its whole period.
    """
    mount, _, name = path.strip("/").partition("/")
    client = hvac.Client(url=url, token=token, timeout=ANSWER_S, allow_redirects=False)
    try:
        said: Any = client.secrets.kv.v2.read_secret_version(
            path=name, mount_point=mount, raise_on_deleted_version=True
        )
        with suppress(exceptions.VaultError):  # as it is for a root token
            client.auth.token.renew_self()
    except exceptions.VaultError as refusal:
        raise VaultError(_advice(refusal, url, mount, name)) from None
    except (RequestException, ValueError) as trouble:
        raise VaultError(
            f"Nothing that can be understood answers at {url} ({type(trouble).__name__}): is Vault up, and is that it?"
        ) from None
    return _texts(said, path)


def _advice(refusal: exceptions.VaultError, url: str, mount: str, name: str) -> str:
    """What to do. What Vault itself says is not repeated."""
    match refusal:
        case exceptions.VaultDown():
            return f"The Vault at {url} is sealed or not initialized: `vault operator unseal`."
        case exceptions.Forbidden() | exceptions.Unauthorized():
            return (
                f"The Vault at {url} does not let the token of TRADEWIND_VAULT_TOKEN read {mount}/data/{name}: it has "
                "expired, or its policy lacks `read` there."
            )
        case exceptions.InvalidPath():
            return (
                f"The Vault at {url} has no secret {name} in a KV version 2 at {mount}: "
                f"`vault kv put -mount={mount} {name} TRADEWIND_…=…`, or name another in TRADEWIND_VAULT_PATH."
            )
        case _:
            return f"The Vault at {url} answers with {type(refusal).__name__}: look into its log."


def _texts(said: Any, path: str) -> Mapping[str, str]:
    match said:
        case {"data": {"data": dict(found)}} if all(isinstance(value, str) for value in found.values()):
            return found
    raise VaultError(f"The secret {path} is not one of names and texts: is {path.partition('/')[0]} a KV version 2?")

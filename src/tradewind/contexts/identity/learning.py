"""Commands that read a token of an outside issuer, whose key may have to be learned first: outside any transaction."""

from collections.abc import Awaitable, Callable
from typing import Any

from tradewind.api.auth.outside import KeyUnknown
from tradewind.api.auth.tokens import TokenInvalid
from tradewind.contracts.messages import Command
from tradewind.runtime.call import Call

Dispatch = Callable[[Command, Call], Awaitable[Any]]


async def by_known_keys(command: Command, call: Call, dispatch: Dispatch) -> bool:
    """Dispatch, once more where a key had to be learned; False, and nothing is done, where there is no such key.

    Refuses Unavailable where the issuer cannot be asked.
    """
    try:
        await dispatch(command, call)
    except KeyUnknown as unknown:
        try:
            await unknown.learn()
        except TokenInvalid:
            return False
        await dispatch(command, call)
    return True

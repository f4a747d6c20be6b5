"""A client of one OpenSearch: one deadline a question, and no question is asked again by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opensearchpy import AsyncHttpConnection, AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException

from tradewind.kernel.errors import Unavailable

TIMEOUT_S: Final = 5.0
"""Seconds that one question may take."""
TROUBLE: Final = (OpenSearchException, OSError, TimeoutError)
"""What the client says when it was not answered well."""


def client_of(url: str, *, timeout_s: float = TIMEOUT_S) -> AsyncOpenSearch:
    """Nothing is asked yet. Close it."""
    return AsyncOpenSearch(
        [url], connection_class=AsyncHttpConnection, timeout=timeout_s, max_retries=0, retry_on_timeout=False
    )


@contextmanager
def trouble(away: type[Unavailable]) -> Iterator[None]:
    """Raise what the port of an adapter says instead of what the client does."""
    try:
        yield
    except TROUBLE as reason:
        raise away from reason

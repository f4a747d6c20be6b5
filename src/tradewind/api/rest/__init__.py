"""REST: routes declared as plain data, and the application that answers them. Slices import from here only.

The web framework lives behind this door; see docs/decisions/0006-litestar-behind-our-routes.md.
"""

from tradewind.api.rest.app import create_app
from tradewind.api.rest.binding import encoded
from tradewind.api.rest.routes import (
    Answer,
    Body,
    Dispatch,
    Headers,
    RawBody,
    Reply,
    Route,
    delete,
    get,
    patch,
    post,
    put,
    stream,
)
from tradewind.api.rest.versions import IfMatch
from tradewind.runtime.call import Call

__all__ = [
    "Answer",
    "Body",
    "Call",
    "Dispatch",
    "Headers",
    "IfMatch",
    "RawBody",
    "Reply",
    "Route",
    "create_app",
    "delete",
    "encoded",
    "get",
    "patch",
    "post",
    "put",
    "stream",
]

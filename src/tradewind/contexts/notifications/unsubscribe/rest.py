"""GET and POST /unsubscribe: a page with one button, because mail scanners follow links; and what the button does."""

from html import escape
from typing import Annotated, Final
from urllib.parse import quote

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, Reply, get, post
from tradewind.contexts.notifications._domain.unsubscribing import PATH, UnfitLink
from tradewind.contexts.notifications.unsubscribe.command import Unsubscribe

Token = Annotated[str, Meta(max_length=255)]
POLICY: Final = {"Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'"}
ASKED: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>No more offers</title></head>
<body><h1>No more offers?</h1><form method="post" action="{}?token={}"><button>Stop offers</button></form></body></html>
"""
DONE: Final = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>No more offers</title></head>
<body><h1>Done</h1><p>You will hear no more of offers on this channel.</p></body></html>
"""


@get(PATH, public=True, content_type="text/html")
async def ask_to_unsubscribe(token: Token) -> Reply:
    """Ask whether one wants to hear no more of offers; a look changes nothing."""
    return Reply(content=ASKED.format(PATH, escape(quote(token))).encode(), headers=POLICY)


@post(
    PATH,
    public="the link of a message is the proof; mail programs follow it without a login (RFC 8058)",
    status=200,
    content_type="text/html",
    raises=(UnfitLink,),
)
async def unsubscribe(token: Token, call: Call, dispatch: Dispatch) -> Reply:
    """Hear no more of offers on the channel of the link."""
    await dispatch(Unsubscribe(token=token), call)
    return Reply(content=DONE, headers=POLICY)

"""Live: what happens is told to those who follow it, over whichever protocol they came.

A context keeps a `Channel` in every process (`Manifest.parts`), a listener publishes to it, and a query hands out
`channel.follow(…)`, which the edge turns into a stream. A `TopicChannel` is followed by WebSockets, topic by topic.
See docs/decisions on streams.
"""

from tradewind.api.live.channel import Channel, Follow
from tradewind.api.live.sockets import Dispatch, Socket, socket
from tradewind.api.live.topics import Topic, TopicChannel, TopicFollow

__all__ = ["Channel", "Dispatch", "Follow", "Socket", "Topic", "TopicChannel", "TopicFollow", "socket"]

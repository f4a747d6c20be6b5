"""Live: what happens is told to those who follow it, over whichever protocol they came.

A context keeps a `Channel` in every process (`Manifest.parts`), a listener publishes to it, and a query hands out
`channel.follow(…)`, which the edge turns into a stream. See docs/decisions on streams.
"""

from tradewind.api.live.channel import Channel, Follow

__all__ = ["Channel", "Follow"]

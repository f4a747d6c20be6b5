"""Who may do what at the broker: nobody, unless they are the shop or a sensor, and a sensor only tells.

What somebody is, is noted at the moment their password was right: amqtt lets a later connection under the same client
id write its own user name into the session of an earlier one before it looks at the password.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from tradewind.adapters.sensor_broker.accounts import SHOP, Accounts

IS: Final = "tradewind.is"
"""Under this name a session tells whom its password proved."""


def is_shop(session: Session) -> bool:
    """Whether this is the shop itself."""
    return bool(session.attributes.get(IS) == SHOP)


@dataclass(frozen=True)
class Topics:
    """`deltas` is what sensors publish, its last level may be a message's id; `dead_letters` what they may read."""

    deltas: str
    dead_letters: str

    def is_delta(self, topic: str) -> bool:
        """Whether the topic is one on which deltas come."""
        levels, wanted = topic.split("/"), self.deltas.split("/")
        if len(levels) not in (len(wanted), len(wanted) + 1) or not all(levels):
            return False
        return all(want in ("+", level) for level, want in zip(levels, wanted, strict=False))


class Gate(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]  # amqtt is published without types
    """A plugin of amqtt: asked at every connection, subscription, publication and delivery."""

    @dataclass
    class Config:
        """The file with the accounts, and the topics."""

        accounts: str
        deltas: str
        dead_letters: str

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._accounts = Accounts.open(Path(context.config.accounts))
        self._topics = Topics(context.config.deltas, context.config.dead_letters)

    async def authenticate(self, *, session: Session) -> bool:
        """Whether the password is right. A last will is refused: it would be published without anybody's journal."""
        known = self._accounts.knows(session.username, session.password) and not session.will_flag
        session.attributes[IS] = session.username if known else None
        return known

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Whether it may be. Deltas are handed to the shop by the feed alone, never by the broker's own ways."""
        who = session.attributes.get(IS) if session else None
        if who is None or topic is None:
            return False
        if topic == self._topics.dead_letters:
            return who == SHOP or action is not Action.PUBLISH
        if action is Action.SUBSCRIBE:
            return bool(who == SHOP)
        return action is Action.PUBLISH and self._topics.is_delta(topic)

"""The webhooks context's table of contents."""

from pathlib import Path

from tradewind.contexts.webhooks._delivery.crew import DELIVER, Crew
from tradewind.contexts.webhooks._delivery.door import Door, door
from tradewind.contexts.webhooks._delivery.putting_off import HEAR
from tradewind.contexts.webhooks._delivery.watch import PURGE, WATCH
from tradewind.contexts.webhooks._domain.signing import SecretSeal
from tradewind.contexts.webhooks._store.dead_letters import PartnersLetters
from tradewind.contexts.webhooks._store.foreign import note_told_elsewhere
from tradewind.contexts.webhooks._subscribers.hear_elsewhere import HEAR_ELSEWHERE
from tradewind.contexts.webhooks.delete_subscription import rest as delete_rest
from tradewind.contexts.webhooks.delete_subscription.command import delete_subscription
from tradewind.contexts.webhooks.get_subscription import rest as get_rest
from tradewind.contexts.webhooks.get_subscription.query import get_subscription
from tradewind.contexts.webhooks.list_deliveries import rest as list_deliveries_rest
from tradewind.contexts.webhooks.list_deliveries.query import list_deliveries
from tradewind.contexts.webhooks.list_subscriptions import rest as list_rest
from tradewind.contexts.webhooks.list_subscriptions.query import list_subscriptions
from tradewind.contexts.webhooks.pause_subscription import rest as pause_rest
from tradewind.contexts.webhooks.pause_subscription.command import PauseSubscription, pause_subscription
from tradewind.contexts.webhooks.redeliver import rest as redeliver_rest
from tradewind.contexts.webhooks.redeliver.command import redeliver
from tradewind.contexts.webhooks.rotate_secret import rest as rotate_rest
from tradewind.contexts.webhooks.rotate_secret.command import rotate_secret
from tradewind.contexts.webhooks.subscribe import rest as subscribe_rest
from tradewind.contexts.webhooks.subscribe.command import Subscribe, subscribe
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "Crew", "Door", "PauseSubscription", "SecretSeal", "Subscribe", "door", "note_told_elsewhere"]

MANIFEST = Manifest(
    name="webhooks",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        subscribe,
        get_subscription,
        list_subscriptions,
        delete_subscription,
        pause_subscription,
        rotate_secret,
        list_deliveries,
        redeliver,
    ),
    routes=(
        subscribe_rest.subscribe,
        get_rest.get_subscription,
        list_rest.list_subscriptions,
        delete_rest.delete_subscription,
        pause_rest.pause_subscription,
        pause_rest.resume_subscription,
        rotate_rest.rotate_secret,
        list_deliveries_rest.list_deliveries,
        redeliver_rest.redeliver,
    ),
    hears_elsewhere=(HEAR_ELSEWHERE,),
    timers=(DELIVER, HEAR, WATCH, PURGE),
    parts={Crew: Crew},
    dead_letters=PartnersLetters(),
)

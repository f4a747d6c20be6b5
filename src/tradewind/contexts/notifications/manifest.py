"""The notifications context's table of contents."""

from pathlib import Path

from tradewind.contexts.notifications._domain.bounces import came_back
from tradewind.contexts.notifications._domain.messages import Kind
from tradewind.contexts.notifications._domain.rendering import LANGUAGES, Rendered, render, sample
from tradewind.contexts.notifications._subscribers.on_person_erased import on_person_erased
from tradewind.contexts.notifications._subscribers.owe_messages import owe_messages
from tradewind.contexts.notifications.list_messages import rest as list_rest
from tradewind.contexts.notifications.list_messages.query import list_messages, look_up_messages, look_up_news
from tradewind.contexts.notifications.personal_data import MessageData
from tradewind.contexts.notifications.register_device import rest as device_rest
from tradewind.contexts.notifications.register_device.command import register_device
from tradewind.contexts.notifications.report_bounce import rest as bounce_rest
from tradewind.contexts.notifications.report_bounce.command import ReportBounce, report_bounce
from tradewind.contexts.notifications.send_messages.timer import SENDERS
from tradewind.contexts.notifications.settings import PublicUrl
from tradewind.contexts.notifications.show_console import rest as console_rest
from tradewind.contexts.notifications.show_message import rest as show_rest
from tradewind.contexts.notifications.show_message.query import show_message
from tradewind.contexts.notifications.spread_messages.timer import SPREAD_MESSAGES
from tradewind.contexts.notifications.unsubscribe import rest as unsubscribe_rest
from tradewind.contexts.notifications.unsubscribe.command import unsubscribe
from tradewind.runtime.manifest import Manifest

__all__ = ["LANGUAGES", "MANIFEST", "Kind", "PublicUrl", "Rendered", "ReportBounce", "came_back", "render", "sample"]

MANIFEST = Manifest(
    name="notifications",
    migrations=Path(__file__).parent / "migrations",
    handlers=(list_messages, look_up_messages, look_up_news, show_message, unsubscribe, report_bounce, register_device),
    routes=(
        list_rest.list_messages,
        show_rest.show_message,
        bounce_rest.report_bounce,
        device_rest.register_my_device,
        device_rest.forget_my_device,
        unsubscribe_rest.ask_to_unsubscribe,
        unsubscribe_rest.unsubscribe,
        console_rest.show_messages,
        console_rest.show_messages_script,
    ),
    subscribers=(owe_messages, on_person_erased),
    timers=(*SENDERS, SPREAD_MESSAGES),
    personal_data=MessageData(),
)

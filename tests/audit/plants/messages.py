"""Messages that are about nothing, that were written twice, or that nobody sends."""

from tests.audit.plants.plant import MESSAGES, Plant

_OWE = "INSERT INTO notifications.message (id, kind, subject, channel, user_id, facts, due_at) VALUES "


def _owed(kind: str, subject: str, due: str = "") -> str:
    return _OWE + f"(gen_random_uuid(), '{kind}', '{subject}', 'EMAIL', 'buyer', '{{{{}}}}', now(){due})"


OF_MESSAGES = (
    Plant(
        "a message about nothing",
        _owed("order_confirmed", "an order"),
        (MESSAGES,),
        "is about something that was never told",
    ),
    Plant(
        "a message about an event that belongs to another kind",
        _owed("order_cancelled", "{delivered}"),
        (MESSAGES,),
        "is about something that was never told",
    ),
    Plant(
        "a message that nobody sends",
        _owed("order_confirmed", "{delivered}", " - interval '2 days'"),
        (MESSAGES,),
        "is due since",
    ),
    Plant(
        "a message that was written twice",
        "ALTER TABLE notifications.message DROP CONSTRAINT once_an_event_and_channel; "
        + _owed("order_confirmed", "{delivered}")
        + "; "
        + _owed("order_confirmed", "{delivered}"),
        (MESSAGES,),
        "is one of several about one event by EMAIL",
    ),
)

"""Messages to partners that were lost, made up, doubled, forgotten, or sent before their time."""

from tests.audit.plants.plant import HOOKS, IN_ORDER, Plant

_FIRST = "subscription_id = '{partner}' AND sequence = 1"
OF_WEBHOOKS = (
    Plant(
        "a message to a partner that was lost",
        "DELETE FROM webhooks.delivery WHERE subscription_id = '{partner}' AND sequence = 2",
        (HOOKS,),
        "message 2 about event",
    ),
    Plant(
        "an event that a partner was never told",
        """
          DELETE FROM webhooks.delivery WHERE subscription_id = '{partner}' AND sequence =
              (SELECT sequence FROM webhooks.webhook_subscriptions WHERE id = '{partner}');
          UPDATE webhooks.webhook_subscriptions SET sequence = sequence - 1 WHERE id = '{partner}'""",
        (HOOKS,),
        "the log has",
    ),
    Plant(
        "an event of another database that was heard and told to no partner",
        """
          INSERT INTO webhooks.foreign_event (position, stamp, event_id, type, key, occurred_at, trace_id,
                                              correlation_id, payload)
          SELECT position, stamp, gen_random_uuid(), event_types[1], 'k', now(), 't', 'c', '{{"currency": "EUR"}}'
          FROM webhooks.webhook_subscriptions WHERE id = '{partner}'""",
        (HOOKS,),
        "the log has",
    ),
    Plant(
        "a message about nothing that a partner asked for",
        "UPDATE webhooks.webhook_subscriptions SET event_types = '{{ecommerce.rating.rating.updated.v1}}' "
        "WHERE id = '{partner}'",
        (HOOKS,),
        "which is not one that was asked for",
    ),
    Plant(
        "a message that a partner's filter keeps out",
        "UPDATE webhooks.webhook_subscriptions SET filter = '{{\"currency\": [\"USD\"]}}' WHERE id = '{partner}'",
        (HOOKS,),
        "which is not one that was asked for",
    ),
    Plant(
        "a message that nobody took",
        f"UPDATE webhooks.webhook_delivery_attempts SET status_code = 500 WHERE {_FIRST}",
        (HOOKS, IN_ORDER),
        "message 1 is DELIVERED, but nobody took it",
    ),
    Plant(
        "a dead letter that nobody was told of",
        f"UPDATE webhooks.delivery SET status = 'DEAD' WHERE {_FIRST}",
        (HOOKS,),
        "message 1 is a dead letter, but nobody was told",
    ),
    Plant(
        "a message that nobody carries",
        "UPDATE webhooks.delivery SET status = 'PENDING', settled_at = NULL, due_at = now() - interval '2 h' "
        f"WHERE {_FIRST}",
        (HOOKS,),
        "message 1 is due since",
    ),
    Plant(
        "a partner for whom nobody reads the log",
        """
          UPDATE runtime.outbox SET occurred_at = occurred_at - interval '2 h';
          UPDATE webhooks.webhook_subscriptions AS s SET sequence = 0, stamp = 0, position = 0 WHERE id = '{partner}';
          DELETE FROM webhooks.delivery WHERE subscription_id = '{partner}'""",
        (HOOKS,),
        "events for it, unread since",
    ),
    Plant(
        "a message that was sent before an older one",
        f"UPDATE webhooks.webhook_delivery_attempts SET id = DEFAULT WHERE {_FIRST}",
        (IN_ORDER,),
        "was sent before an older one of its key had its end",
    ),
)

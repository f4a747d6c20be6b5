"""Webhooks: partners hear the events that they asked for, signed, in order per key, again until they take them.

Reads the log as partners see it; tells `WebhookDeliveryFailed` when one does not take a message after every retry.
"""

"""Mails on their way: queued with what they tell of, sent by a saga, forgotten when they are sent."""

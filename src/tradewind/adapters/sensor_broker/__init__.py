"""The broker that sensors talk to: amqtt, with a journal that makes it keep what it acknowledged."""

"""Engines that carry what the shop hears and says: the sensors' MQTT broker, the mail server, RabbitMQ."""

from typing import Final
from urllib.parse import unquote, urlsplit

from tradewind.app.doctor.finding import Finding, UnwellError
from tradewind.app.settings import Settings
from tradewind.kernel.ids import new_id

WITHIN_S: Final = 5.0
TOPIC: Final = "iot/inventory/+/delta/#"
REFUSED: Final = 128
"""From here on the answer to a subscription is a no."""
OLDEST_RABBITMQ: Final = (3, 10)
"""Since then messages in quorum queues expire, and go on at least once."""
SMTP_PORTS: Final = {"smtp": 587, "smtps": 465}
NOT_AUTHORIZED: Final = frozenset({4, 5, 134, 135})
"""How brokers of MQTT 3.1.1 and 5 refuse whoever they do not know."""


async def mqtt(settings: Settings) -> Finding:
    """Whether it lets the shop in and hear sensors; by a session of its own, so that the shop's goes on undisturbed."""
    import aiomqtt

    from tradewind.api.mqtt.address import understand

    assert settings.mqtt_url
    at = understand(settings.mqtt_url)
    tls = aiomqtt.TLSParameters() if at.tls else None
    try:
        async with aiomqtt.Client(
            at.host, at.port, username=at.user, password=at.password, identifier=f"tradewind-doctor-{new_id()}",
            clean_session=True, timeout=WITHIN_S, tls_params=tls,
        ) as client:  # fmt: skip
            granted = await client.subscribe(TOPIC, qos=1, timeout=WITHIN_S)
    except aiomqtt.MqttCodeError as refused:
        if getattr(refused.rc, "value", refused.rc) not in NOT_AUTHORIZED:
            raise
        advice = "Set user and password in TRADEWIND_MQTT_URL, or let the broker know them."
        raise UnwellError("it does not let its user in", advice) from None
    if any(getattr(one, "value", one) >= REFUSED for one in granted):
        advice = f"Let the broker's user read {TOPIC} and write iot/inventory/dead-letters."
        raise UnwellError("its user may not hear sensors", advice)
    return Finding(engine="mqtt", well=True, detail="lets the shop hear sensors")


async def rabbitmq(settings: Settings) -> Finding:
    """Version, and whether the shop may make queues there."""
    import aio_pika
    from aio_pika.exceptions import ProbableAuthenticationError

    assert settings.rabbitmq_url
    try:
        connection = await aio_pika.connect(settings.rabbitmq_url, timeout=WITHIN_S)
    except ProbableAuthenticationError:
        raise UnwellError("it does not let its user in", "Set user and password in TRADEWIND_RABBITMQ_URL.") from None
    async with connection:
        told = connection.transport.connection.server_properties if connection.transport else {}
        version = str(told.get("version", ""))
        if [int(one) for one in version.split(".")[:2]] < list(OLDEST_RABBITMQ):
            oldest = ".".join(map(str, OLDEST_RABBITMQ))
            raise UnwellError(f"it is {version}", f"RabbitMQ {oldest} or newer is needed.")
        channel = await connection.channel()
        try:
            await channel.declare_queue(f"tradewind.doctor.{new_id()}", exclusive=True)
        except aio_pika.exceptions.ChannelClosed:
            advice = r"Let its user configure, write and read queues named tradewind\..*"
            raise UnwellError("its user may not make queues", advice) from None
    return Finding(engine="rabbitmq", well=True, version=version, detail="lets the shop make queues")


async def smtp(settings: Settings) -> Finding:
    """Whether it answers and takes the password; nothing is sent."""
    import aiosmtplib

    assert settings.smtp_url
    parts = urlsplit(settings.smtp_url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    client = aiosmtplib.SMTP(
        hostname=parts.hostname or "", port=parts.port or SMTP_PORTS[parts.scheme], use_tls=parts.scheme == "smtps",
        timeout=WITHIN_S,
    )  # fmt: skip
    async with client:
        await client.ehlo()
        if user and not client.supports_extension("auth"):
            advice = "Let it offer AUTH over TLS, or leave user and password out of TRADEWIND_SMTP_URL."
            raise UnwellError("it asks nobody for a password", advice)
        try:
            if user:
                await client.login(user, password)
        except aiosmtplib.SMTPAuthenticationError:
            raise UnwellError("it does not let its user in", "Set user and password in TRADEWIND_SMTP_URL.") from None
    return Finding(engine="smtp", well=True, detail="takes mails")

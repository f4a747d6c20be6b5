"""PUT and DELETE /api/v1/notifications/device."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, delete, put
from tradewind.contexts.notifications.register_device.command import MAX_TOKEN, RegisterDevice


class Device(Body, frozen=True):
    """What the carrier of notes knows the device by."""

    token: Annotated[str, Meta(min_length=1, max_length=MAX_TOKEN, pattern=r"\A[\x21-\x7e]+\Z")]


@put("/api/v1/notifications/device")
async def register_my_device(body: Device, call: Call, dispatch: Dispatch) -> None:
    """Have notes about your orders sent to this device."""
    await dispatch(RegisterDevice(token=body.token), call)


@delete("/api/v1/notifications/device")
async def forget_my_device(call: Call, dispatch: Dispatch) -> None:
    """Have no notes sent to a device any more."""
    await dispatch(RegisterDevice(token=None), call)

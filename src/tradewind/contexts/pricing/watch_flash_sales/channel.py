"""Every process's own channel of flash sales, fed by the log's tail."""

from typing import Final

from tradewind.api.live import Channel
from tradewind.contracts.messages import Event
from tradewind.contracts.pricing import FlashSaleEnded, FlashSaleExhausted, FlashSaleReopened, FlashSaleStarted
from tradewind.runtime.subscriptions import Here, listener

NAMES: Final[dict[type[Event], str]] = {
    FlashSaleStarted: "flash_sale.started",
    FlashSaleExhausted: "flash_sale.sold_out",
    FlashSaleReopened: "flash_sale.reopened",
    FlashSaleEnded: "flash_sale.ended",
}
"""What each event is called on the wire of a stream."""


class FlashSaleChannel(Channel):
    """Flash sales, to whoever follows them in this process."""


def open_channel() -> FlashSaleChannel:
    """A channel of this process."""
    return FlashSaleChannel("flash_sales")


def start_over(here: Here) -> None:
    """Something may have been missed: whoever follows looks again."""
    here.peer(FlashSaleChannel).start_over(here)


@listener(reset=start_over)
def announce(event: FlashSaleStarted | FlashSaleExhausted | FlashSaleReopened | FlashSaleEnded, here: Here) -> None:
    """Tell everybody at once; the event is encoded once, however many follow."""
    here.peer(FlashSaleChannel).publish(here, NAMES[type(event)], event)

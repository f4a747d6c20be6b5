"""Returns' table of contents."""

from pathlib import Path

from tradewind.contexts.returns._subscribers.on_payment_refund_failed import on_payment_refund_failed
from tradewind.contexts.returns._subscribers.on_payment_refunded import on_payment_refunded
from tradewind.contexts.returns.decide_return import rest as decide_rest
from tradewind.contexts.returns.decide_return.command import (
    ApproveReturn,
    CancelReturn,
    RejectReturn,
    approve_return,
    cancel_return,
    reject_return,
)
from tradewind.contexts.returns.get_return import rest as get_rest
from tradewind.contexts.returns.get_return.query import get_return, list_returns
from tradewind.contexts.returns.inspect_return import rest as inspect_rest
from tradewind.contexts.returns.inspect_return.command import InspectReturn, inspect_return
from tradewind.contexts.returns.inspect_return.elsewhere import SETTLE_RETURN
from tradewind.contexts.returns.peer import Returns
from tradewind.contexts.returns.print_label import rest as label_rest
from tradewind.contexts.returns.print_label.query import ReturnAddress, print_return_label
from tradewind.contexts.returns.receive_return import rest as receive_rest
from tradewind.contexts.returns.receive_return.command import ReceiveReturn, receive_return
from tradewind.contexts.returns.request_return import rest as request_rest
from tradewind.contexts.returns.request_return.command import RequestReturn, request_return
from tradewind.contexts.returns.retry_refund import rest as retry_rest
from tradewind.contexts.returns.retry_refund.command import retry_refund
from tradewind.contexts.returns.retry_refund.elsewhere import RETRY_ELSEWHERE
from tradewind.contracts.returns import ReturnsPeer
from tradewind.runtime.manifest import Manifest

__all__ = [
    "MANIFEST",
    "ApproveReturn",
    "CancelReturn",
    "InspectReturn",
    "ReceiveReturn",
    "RejectReturn",
    "RequestReturn",
    "ReturnAddress",
]

MANIFEST = Manifest(
    name="returns",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        request_return,
        approve_return,
        reject_return,
        cancel_return,
        receive_return,
        inspect_return,
        retry_refund,
        get_return,
        list_returns,
        print_return_label,
    ),
    routes=(
        request_rest.request_return,
        decide_rest.approve_return,
        decide_rest.reject_return,
        decide_rest.cancel_return,
        receive_rest.receive_return,
        inspect_rest.inspect_return,
        retry_rest.retry_refund,
        get_rest.get_return,
        get_rest.list_returns,
        label_rest.print_return_label,
    ),
    sagas=(SETTLE_RETURN, RETRY_ELSEWHERE),
    subscribers=(on_payment_refunded, on_payment_refund_failed),
    peers={ReturnsPeer: Returns()},
)

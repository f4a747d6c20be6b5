"""DELETE /api/v1/payment-methods/{payment_method_id}."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, delete
from tradewind.contexts.payments.remove_method.command import NoSuchPaymentMethod, RemoveMethod


@delete("/api/v1/payment-methods/{payment_method_id}", raises=(NoSuchPaymentMethod,))
async def remove_method(payment_method_id: UUID, call: Call, dispatch: Dispatch) -> None:
    """Keep one of your payment methods no longer."""
    await dispatch(RemoveMethod(payment_method_id=payment_method_id), call)

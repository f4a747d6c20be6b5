"""POST /api/v1/fulfillment-tasks/{shipment_id}/claim and /put-back."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.task import ClaimedByAnother, NoSuchTask
from tradewind.contexts.shipping._domain.views import TaskView
from tradewind.contexts.shipping.claim_task.command import ClaimTask, PutTaskBack
from tradewind.kernel.lifecycle import IllegalMove

_RAISES = (NoSuchShipment, NoSuchTask, IllegalMove)


@post("/api/v1/fulfillment-tasks/{shipment_id}/claim", raises=(*_RAISES, ClaimedByAnother))
async def claim_task(shipment_id: UUID, call: Call, dispatch: Dispatch) -> TaskView:
    """Go for the goods of a shipment: `lines` says what they are. For the warehouse."""
    answer: TaskView = await dispatch(ClaimTask(shipment_id=shipment_id), call)
    return answer


@post("/api/v1/fulfillment-tasks/{shipment_id}/put-back", raises=_RAISES)
async def put_task_back(shipment_id: UUID, call: Call, dispatch: Dispatch) -> TaskView:
    """Leave a task that is claimed or handed over to others. For the warehouse."""
    answer: TaskView = await dispatch(PutTaskBack(shipment_id=shipment_id), call)
    return answer

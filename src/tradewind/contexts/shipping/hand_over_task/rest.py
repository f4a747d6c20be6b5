"""POST /api/v1/fulfillment-tasks/{shipment_id}/hand-over."""

from uuid import UUID

from tradewind.api.rest import Call, Dispatch, post
from tradewind.contexts.shipping._domain.shipment import NoSuchShipment
from tradewind.contexts.shipping._domain.task import NoSuchTask
from tradewind.contexts.shipping._domain.views import TaskView
from tradewind.contexts.shipping.hand_over_task.command import HandTaskOver
from tradewind.kernel.lifecycle import IllegalMove


@post("/api/v1/fulfillment-tasks/{shipment_id}/hand-over", raises=(NoSuchShipment, NoSuchTask, IllegalMove))
async def hand_task_over(shipment_id: UUID, call: Call, dispatch: Dispatch) -> TaskView:
    """Have an open task done by the warehouse's own system (WMS). For the warehouse.

    It is packed once the system has said what was picked; put back, it is called off there.
    """
    answer: TaskView = await dispatch(HandTaskOver(shipment_id=shipment_id), call)
    return answer

"""Shipping's table of contents."""

from pathlib import Path

from tradewind.contexts.shipping._carriage.crew import CARRY, PURGE
from tradewind.contexts.shipping._domain.parcel import Size
from tradewind.contexts.shipping._domain.replacement import Supply
from tradewind.contexts.shipping._subscribers.on_order_confirmed import on_order_confirmed
from tradewind.contexts.shipping._subscribers.on_order_placed import on_order_placed
from tradewind.contexts.shipping._subscribers.on_payment_capture_failed import on_payment_capture_failed
from tradewind.contexts.shipping._subscribers.on_payment_captured import on_payment_captured
from tradewind.contexts.shipping._warehouse.crew import PICK
from tradewind.contexts.shipping.claim_task import rest as claim_rest
from tradewind.contexts.shipping.claim_task.command import ClaimTask, PutTaskBack, claim_task, put_task_back
from tradewind.contexts.shipping.deliver_shipment import rest as deliver_rest
from tradewind.contexts.shipping.deliver_shipment.command import DeliverShipment, deliver_shipment
from tradewind.contexts.shipping.dispatch_shipment import rest as dispatch_rest
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment, dispatch_shipment
from tradewind.contexts.shipping.get_shipment import rest as get_rest
from tradewind.contexts.shipping.get_shipment.query import get_order_shipment, get_shipment, list_order_shipments
from tradewind.contexts.shipping.hand_over_task import rest as hand_over_rest
from tradewind.contexts.shipping.hand_over_task.command import HandTaskOver, hand_task_over
from tradewind.contexts.shipping.hear_carrier import rest as hear_rest
from tradewind.contexts.shipping.hear_carrier.command import hear_carrier
from tradewind.contexts.shipping.list_expected import rest as expected_rest
from tradewind.contexts.shipping.list_expected.query import list_expected
from tradewind.contexts.shipping.list_parcels import rest as parcels_rest
from tradewind.contexts.shipping.list_parcels.query import list_parcels
from tradewind.contexts.shipping.list_tasks import rest as tasks_rest
from tradewind.contexts.shipping.list_tasks.query import list_tasks
from tradewind.contexts.shipping.measure_product import rest as measure_rest
from tradewind.contexts.shipping.measure_product.command import MeasureProduct, measure_product
from tradewind.contexts.shipping.pack_task import rest as pack_rest
from tradewind.contexts.shipping.pack_task.command import PackTask, pack_task
from tradewind.contexts.shipping.peer import Shipping
from tradewind.contexts.shipping.personal_data import ShipmentData
from tradewind.contexts.shipping.pick_task import rest as pick_rest
from tradewind.contexts.shipping.pick_task.command import PickTask, pick_task
from tradewind.contexts.shipping.print_label import rest as label_rest
from tradewind.contexts.shipping.print_label.query import print_label
from tradewind.contexts.shipping.quote_rates import rest as rates_rest
from tradewind.contexts.shipping.quote_rates.query import quote_rates
from tradewind.contexts.shipping.replace_parcel import rest as replace_rest
from tradewind.contexts.shipping.replace_parcel.command import ReplaceParcel, replace_parcel
from tradewind.contexts.shipping.replace_parcel.elsewhere import REPLACE_ELSEWHERE
from tradewind.contexts.shipping.report_loss import rest as loss_rest
from tradewind.contexts.shipping.report_loss.command import ReportLoss, report_loss
from tradewind.contexts.shipping.report_return import rest as returned_rest
from tradewind.contexts.shipping.report_return.command import ReportReturned, report_returned
from tradewind.contexts.shipping.report_transit import rest as report_rest
from tradewind.contexts.shipping.report_transit.command import ReportTransit, report_transit
from tradewind.contexts.shipping.set_rates import rest as set_rates_rest
from tradewind.contexts.shipping.set_rates.command import SetTariff, SetZone, list_tariffs, set_tariff, set_zone
from tradewind.contexts.shipping.split_shipment import rest as split_rest
from tradewind.contexts.shipping.split_shipment.command import SplitShipment, split_shipment
from tradewind.contexts.shipping.unpack_parcel import rest as unpack_rest
from tradewind.contexts.shipping.unpack_parcel.command import UnpackParcel, unpack_parcel
from tradewind.contracts.shipping import ShippingPeer
from tradewind.runtime.manifest import Manifest

__all__ = [
    "MANIFEST",
    "ClaimTask",
    "DeliverShipment",
    "DispatchShipment",
    "HandTaskOver",
    "MeasureProduct",
    "PackTask",
    "PickTask",
    "PutTaskBack",
    "ReplaceParcel",
    "ReportLoss",
    "ReportReturned",
    "ReportTransit",
    "SetTariff",
    "SetZone",
    "Size",
    "SplitShipment",
    "Supply",
    "UnpackParcel",
]

_peer: ShippingPeer = Shipping()
MANIFEST = Manifest(
    name="shipping",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        dispatch_shipment,
        report_transit,
        deliver_shipment,
        report_loss,
        report_returned,
        unpack_parcel,
        replace_parcel,
        get_shipment,
        get_order_shipment,
        list_order_shipments,
        list_tasks,
        list_expected,
        claim_task,
        put_task_back,
        hand_task_over,
        pick_task,
        pack_task,
        split_shipment,
        list_parcels,
        print_label,
        hear_carrier,
        set_tariff,
        set_zone,
        list_tariffs,
        measure_product,
        quote_rates,
    ),
    routes=(
        dispatch_rest.dispatch_shipment,
        report_rest.report_transit,
        deliver_rest.deliver_shipment,
        loss_rest.report_loss,
        returned_rest.report_returned,
        unpack_rest.unpack_parcel,
        replace_rest.replace_parcel,
        get_rest.get_shipment,
        get_rest.get_order_shipment,
        get_rest.list_order_shipments,
        tasks_rest.list_tasks,
        expected_rest.list_expected,
        claim_rest.claim_task,
        claim_rest.put_task_back,
        hand_over_rest.hand_task_over,
        pick_rest.pick_task,
        pack_rest.pack_task,
        split_rest.split_shipment,
        parcels_rest.list_parcels,
        label_rest.print_label,
        hear_rest.hear_carrier,
        set_rates_rest.set_tariff,
        set_rates_rest.list_tariffs,
        set_rates_rest.set_zone,
        measure_rest.measure_product,
        rates_rest.quote_rates,
    ),
    sagas=(REPLACE_ELSEWHERE,),
    timers=(CARRY, PICK, PURGE),
    subscribers=(on_order_placed, on_order_confirmed, on_payment_captured, on_payment_capture_failed),
    peers={ShippingPeer: _peer, Supply: Supply()},
    personal_data=ShipmentData(),
)

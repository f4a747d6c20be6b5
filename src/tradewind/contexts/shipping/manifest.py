"""Shipping's table of contents."""

from pathlib import Path

from tradewind.contexts.shipping._subscribers.on_payment_captured import on_payment_captured
from tradewind.contexts.shipping.deliver_shipment import rest as deliver_rest
from tradewind.contexts.shipping.deliver_shipment.command import DeliverShipment, deliver_shipment
from tradewind.contexts.shipping.dispatch_shipment import rest as dispatch_rest
from tradewind.contexts.shipping.dispatch_shipment.command import DispatchShipment, dispatch_shipment
from tradewind.contexts.shipping.get_shipment import rest as get_rest
from tradewind.contexts.shipping.get_shipment.query import get_order_shipment, get_shipment
from tradewind.contexts.shipping.peer import Shipping
from tradewind.contexts.shipping.personal_data import ShipmentData
from tradewind.contexts.shipping.quote_rates import rest as rates_rest
from tradewind.contexts.shipping.quote_rates.query import quote_rates
from tradewind.contexts.shipping.replace_parcel import rest as replace_rest
from tradewind.contexts.shipping.replace_parcel.command import ReplaceParcel, replace_parcel
from tradewind.contexts.shipping.report_loss import rest as loss_rest
from tradewind.contexts.shipping.report_loss.command import ReportLoss, report_loss
from tradewind.contexts.shipping.report_transit import rest as report_rest
from tradewind.contexts.shipping.report_transit.command import ReportTransit, report_transit
from tradewind.contracts.shipping import ShippingPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "DeliverShipment", "DispatchShipment", "ReplaceParcel", "ReportLoss", "ReportTransit"]

_peer: ShippingPeer = Shipping()
MANIFEST = Manifest(
    name="shipping",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        dispatch_shipment,
        report_transit,
        deliver_shipment,
        report_loss,
        replace_parcel,
        get_shipment,
        get_order_shipment,
        quote_rates,
    ),
    routes=(
        dispatch_rest.dispatch_shipment,
        report_rest.report_transit,
        deliver_rest.deliver_shipment,
        loss_rest.report_loss,
        replace_rest.replace_parcel,
        get_rest.get_shipment,
        get_rest.get_order_shipment,
        rates_rest.quote_rates,
    ),
    subscribers=(on_payment_captured,),
    peers={ShippingPeer: _peer},
    personal_data=ShipmentData(),
)

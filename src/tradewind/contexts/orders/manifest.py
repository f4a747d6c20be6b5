"""What orders is made of."""

from pathlib import Path

from tradewind.contexts.orders._projections.orders_by_customer import orders_by_customer
from tradewind.contexts.orders._projections.product_prices import product_prices
from tradewind.contexts.orders._subscribers.on_email_proved import on_email_proved
from tradewind.contexts.orders._subscribers.on_guest_merged import on_guest_merged
from tradewind.contexts.orders._subscribers.on_out_of_stock import on_out_of_stock
from tradewind.contexts.orders._subscribers.on_payer_hinted import on_payer_hinted
from tradewind.contexts.orders._subscribers.on_payment_refunded import on_payment_refunded
from tradewind.contexts.orders._subscribers.on_peer_answer import on_peer_answer
from tradewind.contexts.orders._subscribers.on_reservation_expired import on_reservation_expired
from tradewind.contexts.orders._subscribers.on_reservation_released import on_reservation_released
from tradewind.contexts.orders._subscribers.on_shipment_delivered import on_shipment_delivered
from tradewind.contexts.orders.cancel_order import rest as cancel_rest
from tradewind.contexts.orders.cancel_order.command import cancel_order
from tradewind.contexts.orders.edit_order import rest as edit_rest
from tradewind.contexts.orders.edit_order.apart import EDIT_APART
from tradewind.contexts.orders.edit_order.command import edit_order
from tradewind.contexts.orders.edit_order.elsewhere import EDIT_ELSEWHERE
from tradewind.contexts.orders.edit_order.saga import EDIT_ORDER
from tradewind.contexts.orders.get_order import rest as get_rest
from tradewind.contexts.orders.get_order.query import get_order
from tradewind.contexts.orders.get_order_status import rest as get_status_rest
from tradewind.contexts.orders.get_order_status.kept import get_order_status, keep_order_status
from tradewind.contexts.orders.get_order_status.standing import Standing
from tradewind.contexts.orders.list_orders import rest as list_rest
from tradewind.contexts.orders.list_orders.query import list_orders, look_up_orders
from tradewind.contexts.orders.pay_order import rest as pay_rest
from tradewind.contexts.orders.pay_order.command import pay_order
from tradewind.contexts.orders.payers import Payers
from tradewind.contexts.orders.peer import Buyers, Orders
from tradewind.contexts.orders.personal_data import OrderData
from tradewind.contexts.orders.place_order import rest as place_rest
from tradewind.contexts.orders.place_order.command import place_orders
from tradewind.contexts.orders.place_order.exchange import PLACE_EXCHANGE
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER, Placement
from tradewind.contexts.orders.place_order.waiting import PLACE_BACKORDER
from tradewind.contexts.orders.search_orders import rest as search_rest
from tradewind.contexts.orders.search_orders.named import look_up_named
from tradewind.contexts.orders.search_orders.query import search_orders
from tradewind.contexts.orders.search_orders.rows import look_up_found
from tradewind.contexts.orders.spread_orders.rebuild import rebuild_lists
from tradewind.contexts.orders.spread_orders.timer import SPREAD_ORDERS
from tradewind.contexts.orders.spread_summaries.timer import SPREAD_SUMMARIES
from tradewind.contexts.orders.spread_summaries.timer import rebuild as rebuild_search
from tradewind.contexts.orders.verify_payment import rest as verify_rest
from tradewind.contexts.orders.verify_payment.command import may_verify, verify_payment
from tradewind.contexts.orders.void_order import rest as void_rest
from tradewind.contexts.orders.void_order.command import void_order
from tradewind.contexts.orders.watch_orders import socket as watch_orders_socket
from tradewind.contexts.orders.watch_orders.channel import OrderChannel, announce_orders, open_channel
from tradewind.contexts.orders.watch_orders.query import watch_orders
from tradewind.contracts.orders import BuyersPeer, Imported, OrderLine, OrdersPeer, PlaceOrder, SoldPeer
from tradewind.contracts.payers import PayersPeer
from tradewind.contracts.privacy import OrdersOfPeer
from tradewind.runtime.manifest import Manifest

__all__ = ["MANIFEST", "Imported", "OrderLine", "PlaceOrder", "Placement", "rebuild_lists", "rebuild_search"]

_data = OrderData()
_orders = Orders()
MANIFEST = Manifest(
    name="orders",
    migrations=Path(__file__).parent / "migrations",
    handlers=(
        place_orders,
        pay_order,
        verify_payment,
        may_verify,
        cancel_order,
        void_order,
        get_order,
        get_order_status,
        list_orders,
        look_up_orders,
        search_orders,
        look_up_named,
        look_up_found,
        edit_order,
        watch_orders,
    ),
    routes=(
        place_rest.place_order,
        pay_rest.pay_order,
        verify_rest.verify_payment,
        cancel_rest.cancel_order,
        void_rest.void_order,
        edit_rest.edit_order,
        get_rest.get_order,
        get_status_rest.get_order_status,
        list_rest.list_orders,
        search_rest.search_orders,
    ),
    subscribers=(
        orders_by_customer,
        product_prices,
        on_peer_answer,
        on_payer_hinted,
        on_payment_refunded,
        on_reservation_expired,
        on_reservation_released,
        on_out_of_stock,
        on_shipment_delivered,
        on_email_proved,
        on_guest_merged,
    ),
    sockets=(watch_orders_socket.watch_orders,),
    listeners=(keep_order_status, announce_orders),
    parts={Standing: Standing, OrderChannel: open_channel},
    timers=(SPREAD_ORDERS, SPREAD_SUMMARIES),
    sagas=(PLACE_ORDER, PLACE_BACKORDER, PLACE_EXCHANGE, EDIT_ORDER, EDIT_ELSEWHERE, EDIT_APART),
    peers={
        Placement: Placement(),
        OrdersOfPeer: _data,
        BuyersPeer: Buyers(),
        OrdersPeer: _orders,
        SoldPeer: _orders,
        PayersPeer: Payers(),
    },
    personal_data=_data,
)

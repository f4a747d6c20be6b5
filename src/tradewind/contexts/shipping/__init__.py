"""Shipping: how goods reach buyers. One shipment an order.

Orders ask it (ShippingPeer) to plan a shipment before an order is confirmed, to release it when it is paid, and to
cancel it; a checkout asks it what carriage costs; warehouse staff and carriers report the rest. Tells of each move;
orders hears that the goods arrived. Hears itself that an order is certain and that it is paid, and asks inventory for
what goes once more (InventoryPeer).
"""

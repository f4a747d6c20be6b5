"""Inventory: how many of each SKU there are, and to whom they are promised. The only writer of quantities (D3).

Orders ask it (InventoryPeer) to hold, take out and give back goods within their own transactions. It hears
ProductCreated to open the stock, and asks the catalog which product carries a SKU when an adjustment comes first. Tells
of every movement, of low and of empty stock, and of reservations that nobody confirmed in time.

The ledger, which the audit proves for each SKU in each warehouse: on hand = adjustments - CONFIRMED reservations;
reserved = HELD reservations.
"""

"""Returns: goods that come back, what becomes of them, and what their buyer gets for them.

Asks orders what was bought (OrdersPeer), inventory to take goods back (InventoryPeer) and payments to give money back
(RefundsPeer), each within its own transaction; payments in another process is asked by sagas (RefundsAway). Hears from
payments that the money went. Holds nothing of a person: whose a return is, is whose its order is.
"""

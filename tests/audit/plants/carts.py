"""Carts that are not what happened to them, and orders that are not what the cart was."""

from tests.audit.plants.plant import BOUGHT, CART, FOLD, MERGED, PAYMENTS, TOLD_AGAIN, Plant

OF_CARTS = (
    Plant(
        "a line that nobody put into the cart",
        "UPDATE carts.cart_items SET quantity = 6 WHERE cart_id = '{left_cart}'",
        (CART,),
        "LAMP is",
    ),
    Plant(
        "a line that was lost",
        "DELETE FROM carts.cart_items WHERE cart_id = '{left_cart}'",
        (CART,),
        "LAMP is None, the events say",
    ),
    Plant(
        "a cart of somebody else",
        "UPDATE carts.carts SET owner = 'thief' WHERE id = '{left_cart}'",
        (CART,),
        "owner is thief, the events say eve",
    ),
    Plant(
        "a cart that is still open, say its events",
        "UPDATE carts.carts SET status = 'EXPIRED' WHERE id = '{left_cart}'",
        (CART,),
        "status is EXPIRED, the events say OPEN",
    ),
    Plant(
        "a cart's history with a gap",
        "DELETE FROM carts.cart_event WHERE cart_id = '{left_cart}' AND version = 3",
        (CART,),
        "are not numbered up to it",
    ),
    Plant(
        "a cart's event that cannot have happened",
        "INSERT INTO carts.cart_event (cart_id, version, type, body, by) "
        "SELECT cart_id, version + 1, 'LineRemoved', '{{\"sku\": \"LAMP\"}}', by FROM carts.cart_event "
        "WHERE cart_id = '{bought_cart}' AND type = 'CartCheckedOut'; "
        "UPDATE carts.carts SET version = version + 1 WHERE id = '{bought_cart}'",
        (CART, BOUGHT),
        "LineRemoved (version 5) after it was CHECKED_OUT",
    ),
    Plant(
        "a cart without a row",
        "DELETE FROM carts.carts WHERE id = '{left_cart}'",
        (CART,),
        "but there is no row",
    ),
    Plant(
        "a cart that became another's order",
        "UPDATE carts.carts SET order_id = '{approve}' WHERE id = '{bought_cart}'",
        (CART, BOUGHT),
        "became order",
    ),
    Plant(
        "a cart that became an order twice",
        TOLD_AGAIN + "key = '{bought_cart}'",
        (BOUGHT,),
        "was told 2 times",
    ),
    Plant(
        "a cart that was bought in silence",
        "DELETE FROM runtime.outbox WHERE key = '{bought_cart}'",
        (BOUGHT,),
        "but nobody was told",
    ),
    Plant(
        "a cart that was bought and is gone",
        "DELETE FROM carts.carts WHERE id = '{bought_cart}'; DELETE FROM carts.cart_event "
        "WHERE cart_id = '{bought_cart}'; DELETE FROM carts.cart_items WHERE cart_id = '{bought_cart}'",
        (BOUGHT,),
        "but there is no such cart",
    ),
    Plant(
        "an order of other goods than were wanted",
        "UPDATE carts.cart_items SET quantity = 3 WHERE cart_id = '{bought_cart}' AND sku = 'LAMP'",
        (CART, BOUGHT),
        "its order",
    ),
    Plant(
        "a price that was never shown",
        "UPDATE runtime.audit_entry SET facts = jsonb_set(facts, '{{total}}', '\"0.01 EUR\"') "
        "WHERE action = 'carts.quote' AND subject = '{bought_cart}'",
        (BOUGHT,),
        "which was never quoted",
    ),
    Plant(
        "a total other than the quote's",
        "UPDATE orders.orders SET discount_minor = 0, total_minor = total_minor + discount_minor WHERE id = '{coupon}'",
        (FOLD, PAYMENTS, BOUGHT),
        "which was never quoted",
    ),
    Plant(
        "an address that was kept after the purchase",
        "INSERT INTO carts.quote (digest, cart_id, cart_version, quote, shipping_method, expires_at) "
        "VALUES ('x', '{bought_cart}', 3, '{{}}', 'standard', now() + interval '10 min')",
        (BOUGHT,),
        "1 quotes with their addresses are kept",
    ),
    Plant(
        "a guest's pieces that were lost on the way",
        "UPDATE carts.cart_event SET body = jsonb_set(body, '{{lines,0,quantity}}', '1') "
        "WHERE cart_id = '{full_cart}' AND type = 'GuestCartTaken'",
        (CART, MERGED),
        "pieces, of which cart",
    ),
    Plant(
        "a guest's cart that went nowhere",
        "UPDATE carts.carts SET merged_into = gen_random_uuid() WHERE id = '{merged_cart}'",
        (CART, MERGED),
        "which does not exist",
    ),
)

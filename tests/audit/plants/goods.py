"""Goods that are promised, shipped or counted wrongly."""

from tests.audit.plants.plant import (
    APART,
    CARRIAGE,
    CLAIMS,
    PICKING,
    PURCHASES,
    QUEUES,
    REPLACED,
    RESERVATIONS,
    SHIPMENTS,
    SNAPSHOT,
    STOCK,
    TRANSFERS,
    UNPACKED,
    Plant,
)

A_PARCEL = (
    "INSERT INTO shipping.parcel (id, shipment_id, weight_g, length_mm, width_mm, height_mm, carrier, state, "
    "tracking_number, due_at) SELECT gen_random_uuid(), id, 1, 1, 1, 1, 'rest', '{state}', 'N-1', {due} "
    "FROM shipping.shipments WHERE order_id = '{order}'"
)
A_REPLACEMENT = (
    "INSERT INTO shipping.replacement (id, shipment_id, round, lines, status) "
    "SELECT {id}, id, 1, '{{{{\"LAMP\": 1}}}}', '{status}' FROM shipping.shipments WHERE order_id = '{{approve}}'"
)
OF_GOODS = (
    Plant(
        "a lamp too many on the shelf",
        "UPDATE inventory.inventory_stock SET on_hand = on_hand + 1 WHERE sku = 'LAMP'",
        (STOCK,),
        "SKU LAMP in MAIN: on_hand is",
    ),
    Plant(
        "a promise to nobody",
        "UPDATE inventory.inventory_stock SET reserved = reserved + 1 WHERE sku = 'ROPE'",
        (STOCK,),
        "SKU ROPE in MAIN: reserved is",
    ),
    Plant(
        "more promised than there is",
        """
          ALTER TABLE inventory.inventory_stock DROP CONSTRAINT never_promise_more_than_there_is;
          WITH a AS (INSERT INTO inventory.inventory_adjustment (id, sku, delta, reason, actor)
                     SELECT gen_random_uuid(), sku, reserved - on_hand - 1, 'thief', 'x'
                     FROM inventory.inventory_stock WHERE sku = 'LAMP' RETURNING sku, delta)
          UPDATE inventory.inventory_stock AS s SET on_hand = s.on_hand + a.delta FROM a WHERE a.sku = s.sku""",
        (STOCK,),
        "more is promised than there is",
    ),
    Plant(
        "stock without a row",
        "ALTER TABLE inventory.inventory_adjustment DROP CONSTRAINT inventory_adjustment_sku_fkey; "
        "DELETE FROM inventory.inventory_stock WHERE sku = 'ROPE'",
        (STOCK,),
        "has no row",
    ),
    Plant(
        "a snapshot of stock that says too much",
        "UPDATE catalog.availability SET on_hand = on_hand + 1, available = available + 1 WHERE sku = 'LAMP'",
        (SNAPSHOT,),
        "snapshot of SKU LAMP: says on_hand",
    ),
    Plant(
        "a snapshot of stock that has not heard the last word",
        "UPDATE catalog.availability SET version = version - 1 WHERE sku = 'ROPE'",
        (SNAPSHOT,),
        "snapshot of SKU ROPE: is at version",
    ),
    Plant(
        "a snapshot of stock that nobody has",
        "INSERT INTO catalog.availability (sku, available, version) VALUES ('NONE', 1, 3)",
        (SNAPSHOT,),
        "snapshot of SKU NONE: is at version 3, though only 0 were told",
    ),
    Plant(
        "goods held for an order that is not",
        """
          INSERT INTO inventory.reservation (order_id, sku, quantity, state, expires_at)
          VALUES (gen_random_uuid(), 'TENT', 1, 'HELD', now() + interval '1 h');
          UPDATE inventory.inventory_stock SET reserved = reserved + 1 WHERE sku = 'TENT'""",
        (RESERVATIONS,),
        "for an order that does not exist",
    ),
    Plant(
        "goods held for an order that is off",
        """
          UPDATE inventory.reservation SET state = 'HELD' WHERE order_id = '{decline}' AND sku = 'ROPE';
          UPDATE inventory.inventory_stock SET reserved = reserved + 1 WHERE sku = 'ROPE'""",
        (RESERVATIONS,),
        "are HELD, but the order is CANCELED",
    ),
    Plant(
        "a paid order whose goods were released",
        """
          UPDATE inventory.reservation SET state = 'RELEASED' WHERE order_id = '{approve}' AND sku = 'ROPE';
          UPDATE inventory.inventory_stock SET on_hand = on_hand + 1 WHERE sku = 'ROPE'""",
        (RESERVATIONS,),
        "the order is PAID, but its 1 are RELEASED",
    ),
    Plant(
        "less reserved than ordered",
        """
          UPDATE inventory.reservation SET quantity = 1 WHERE order_id = '{approve}' AND sku = 'LAMP';
          UPDATE inventory.inventory_stock SET on_hand = on_hand + 2 WHERE sku = 'LAMP'""",
        (RESERVATIONS,),
        "1 were reserved, 3 ordered",
    ),
    Plant(
        "never reserved",
        """
          DELETE FROM inventory.reservation WHERE order_id = '{approve}' AND sku = 'ROPE';
          UPDATE inventory.inventory_stock SET on_hand = on_hand + 1 WHERE sku = 'ROPE'""",
        (RESERVATIONS,),
        "never reserved",
    ),
    Plant(
        "a claim that nobody let go",
        """
          INSERT INTO inventory.claim (id, owner) VALUES ('00000000-0000-7000-8000-000000000001', 'x');
          INSERT INTO inventory.reservation (order_id, sku, quantity, state, expires_at)
          VALUES ('00000000-0000-7000-8000-000000000001', 'TENT', 1, 'HELD', now() - interval '1 h');
          UPDATE inventory.inventory_stock SET reserved = reserved + 1 WHERE sku = 'TENT'""",
        (CLAIMS,),
        "it is held, though only until",
    ),
    Plant(
        "a claim that is canceled and out of stock all the same",
        """
          INSERT INTO inventory.claim (id, owner, canceled) VALUES ('00000000-0000-7000-8000-000000000001', 'x', true);
          INSERT INTO inventory.reservation (order_id, sku, quantity, state, expires_at)
          VALUES ('00000000-0000-7000-8000-000000000001', 'TENT', 1, 'CONFIRMED', now());
          UPDATE inventory.inventory_stock SET on_hand = on_hand - 1 WHERE sku = 'TENT'""",
        (CLAIMS,),
        "it is canceled, but CONFIRMED",
    ),
    Plant(
        "a claim of nothing",
        "INSERT INTO inventory.claim (id, owner) VALUES (gen_random_uuid(), 'x')",
        (CLAIMS,),
        "nothing was ever held for it",
    ),
    Plant(
        "goods kept back for a queue that nobody stands in",
        "UPDATE inventory.inventory_stock SET waiting = 2 WHERE sku = 'TENT'",
        (QUEUES,),
        "queue of SKU TENT: 2 pieces are kept back for it, but it wants 0",
    ),
    Plant(
        "a place in a queue for an order that is off",
        """
          UPDATE inventory.inventory_stock SET waiting = 1 WHERE sku = 'TENT';
          INSERT INTO inventory.backorder (id, sku, quantity, owner, order_id, until)
          VALUES (gen_random_uuid(), 'TENT', 1, 'order', '{decline}', now() + interval '1 h')""",
        (QUEUES,),
        "it is WAITING, but the order is CANCELED",
    ),
    Plant(
        "a promise from the queue that nothing is held for",
        """
          INSERT INTO inventory.backorder (id, sku, quantity, owner, order_id, until, status)
          VALUES (gen_random_uuid(), 'TENT', 1, 'order', '{decline}', now() + interval '1 h', 'RESERVED')""",
        (QUEUES,),
        "it was allotted 1, but 0 are HELD for it",
    ),
    Plant(
        "goods held for whom the queue has let go",
        """
          INSERT INTO inventory.backorder (id, sku, quantity, owner, status)
          VALUES ('00000000-0000-7000-8000-000000000004', 'TENT', 1, 'x', 'CANCELED');
          INSERT INTO inventory.reservation (order_id, sku, quantity, state, expires_at)
          VALUES ('00000000-0000-7000-8000-000000000004', 'TENT', 1, 'HELD', now() + interval '1 h');
          UPDATE inventory.inventory_stock SET reserved = reserved + 1 WHERE sku = 'TENT'""",
        (QUEUES,),
        "it is CANCELED, but 1 are HELD for it",
    ),
    Plant(
        "a delivery that never reached the shelf",
        """
          INSERT INTO inventory.purchase (id, supplier, warehouse)
          VALUES ('00000000-0000-7000-8000-000000000003', 'Acme', 'MAIN');
          INSERT INTO inventory.purchase_line (purchase_id, sku, quantity, received)
          VALUES ('00000000-0000-7000-8000-000000000003', 'TENT', 3, 2)""",
        (PURCHASES,),
        "2 have come, but 0 were put into MAIN",
    ),
    Plant(
        "goods on the road that never left the shelf",
        """
          INSERT INTO inventory.warehouse (code, name) VALUES ('NORTH', 'North');
          INSERT INTO inventory.transfer (id, source, target)
          VALUES ('00000000-0000-7000-8000-000000000002', 'MAIN', 'NORTH');
          INSERT INTO inventory.transfer_line (transfer_id, sku, quantity)
          VALUES ('00000000-0000-7000-8000-000000000002', 'TENT', 3)""",
        (TRANSFERS,),
        "3 were sent, but 0 left MAIN",
    ),
    Plant(
        "a shipment of a canceled order",
        "UPDATE shipping.shipments SET status = 'READY' WHERE order_id = '{decline-capture}'",
        (SHIPMENTS, PICKING),
        "the order is CANCELED, but its shipment is READY",
    ),
    Plant(
        "a paid order without a shipment",
        "DELETE FROM shipping.shipments WHERE order_id = '{approve}'",
        (SHIPMENTS, PICKING),
        "its shipment is missing",
    ),
    Plant(
        "goods that leave before they are paid for",
        "INSERT INTO shipping.shipments (order_id, id, status, address) "
        "VALUES ('{waiting}', gen_random_uuid(), 'READY', '{{}}')",
        (SHIPMENTS, PICKING),
        "the order is only PENDING_PAYMENT",
    ),
    Plant(
        "goods that arrived unheard",
        "UPDATE shipping.shipments SET status = 'DELIVERED', tracking_number = 'x', "
        "delivered_at = now() - interval '1 h' WHERE order_id = '{approve}'",
        (SHIPMENTS, PICKING),
        "is not FULFILLED",
    ),
    Plant(
        "a piece that travels twice",
        "UPDATE shipping.shipments SET lines = jsonb_set(lines, '{{ROPE}}', '2') "
        "WHERE order_id = '{part}' AND part = 2",
        (APART,),
        "SKU ROPE: 1 of it were bought, but its shipments hold 2",
    ),
    Plant(
        "a piece that travels nowhere",
        "UPDATE shipping.shipments SET lines = '{{\"LAMP\": 5}}' WHERE order_id = '{part}' AND part = 1",
        (APART,),
        "SKU LAMP: 6 of it were bought, but its shipments hold 5",
    ),
    Plant(
        "a paid order that nobody is told to pick",
        "DELETE FROM shipping.fulfillment_task WHERE order_id = '{approve}'",
        (PICKING,),
        "is READY, but its task is missing",
    ),
    Plant(
        "a task that no system was asked to do",
        "UPDATE shipping.fulfillment_task SET state = 'HANDED_OVER' WHERE order_id = '{approve}'",
        (PICKING,),
        "has a task that is HANDED_OVER, which its fulfilment order does not say",
    ),
    Plant(
        "a shipment that is packed into nothing",
        "UPDATE shipping.fulfillment_task SET state = 'PACKED' WHERE order_id = '{approve}'",
        (PICKING,),
        "is packed into no parcel",
    ),
    Plant(
        "a parcel that travels for an order that is off",
        A_PARCEL.format(state="BOOKED", order="{decline-capture}", due="NULL"),
        (CARRIAGE,),
        "its order is off, but it is BOOKED",
    ),
    Plant(
        "a parcel that left the house unseen",
        A_PARCEL.format(state="IN_TRANSIT", order="{approve}", due="now()"),
        (CARRIAGE,),
        "its carrier says that it is IN_TRANSIT, but its shipment is READY",
    ),
    Plant(
        "a booking that nobody carries on",
        A_PARCEL.format(state="WANTED", order="{approve}", due="now() - interval '1 h'"),
        (CARRIAGE,),
        "and nobody asks its carrier",
    ),
    Plant(
        "a parcel that nobody follows",
        A_PARCEL.format(state="BOOKED", order="{approve}", due="NULL")
        + "; UPDATE shipping.shipments SET status = 'DISPATCHED', tracking_number = 'x' WHERE order_id = '{approve}'; "
        "UPDATE shipping.fulfillment_task SET state = 'SHIPPED' WHERE order_id = '{approve}'",
        (CARRIAGE,),
        "and nobody will ask its carrier",
    ),
    Plant(
        "a piece that was unpacked on paper only",
        "INSERT INTO shipping.unpacked (shipment_id, round, sku, warehouse, restocked, written_off) "
        "SELECT id, 1, 'LAMP', 'MAIN', 1, 0 FROM shipping.shipments WHERE order_id = '{approve}'",
        (UNPACKED,),
        "1 pieces are restocked, 0 were put on the shelf",
    ),
    Plant(
        "a parcel sent again without goods",
        A_REPLACEMENT.format(id="gen_random_uuid()", status="DONE"),
        (REPLACED,),
        ", but are missing",
    ),
    Plant(
        "goods that were taken for a parcel which was not sent again",
        A_REPLACEMENT.format(id="order_id", status="DONE"),
        (REPLACED,),
        "which was not sent again",
    ),
    Plant(
        "goods that were taken though nothing goes out",
        A_REPLACEMENT.format(id="order_id", status="REFUSED"),
        (REPLACED,),
        ", but its goods are CONFIRMED",
    ),
    Plant(
        "a replacement that nobody carries on",
        A_REPLACEMENT.format(id="gen_random_uuid()", status="PENDING"),
        (REPLACED,),
        "and nobody sees to it",
    ),
)

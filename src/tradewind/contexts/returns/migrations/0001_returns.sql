-- Returns and their lines. The states are those of _domain/returned.py; amounts in minor units of the order's currency.
CREATE TABLE returns.returns (
    id           uuid PRIMARY KEY,
    order_id     uuid        NOT NULL,
    status       text        NOT NULL CHECK (status IN ('REQUESTED', 'APPROVED', 'REJECTED', 'CANCELED', 'RECEIVED',
                                                        'INSPECTED', 'REFUNDED')),
    version      int         NOT NULL CHECK (version > 0),
    reason       text        NOT NULL,
    currency     text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint      NOT NULL DEFAULT 0 CHECK (amount_minor >= 0),
    refund_id    uuid UNIQUE,
    why          text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    changed_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (amount_minor = 0 OR status IN ('INSPECTED', 'REFUNDED'))
);
CREATE INDEX returns_of_order ON returns.returns (order_id);

CREATE TABLE returns.line (
    return_id    uuid NOT NULL REFERENCES returns.returns (id),
    sku          text NOT NULL,
    quantity     int  NOT NULL CHECK (quantity > 0),
    restocked    int  NOT NULL DEFAULT 0 CHECK (restocked >= 0),
    written_off  int  NOT NULL DEFAULT 0 CHECK (written_off >= 0),
    refused      int  NOT NULL DEFAULT 0 CHECK (refused >= 0),
    PRIMARY KEY (return_id, sku),
    CONSTRAINT every_piece_once CHECK (restocked + written_off + refused IN (0, quantity))
);

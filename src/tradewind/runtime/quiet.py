"""Transactions of this process that have told nothing yet, which the reader of the log need not wait for.

An event's stamp is at least the newest transaction that had ended when it was written (runtime/outbox.py). So an open
transaction that has written no event yet cannot write one below that; only the reader must know that it has not, for as
long as its look takes. It knows that of its own process alone. Without this every look would wait for the subscribers
that the look before has fed.
"""


class Quiet:
    """Which open transactions have told nothing, by their ids."""

    def __init__(self) -> None:
        self.ids: set[int] = set()
        self.spoken = 0
        """How often one of them has begun to tell: a look during which that happened must be made again."""

    def add(self, xid: int) -> None:
        """It is open, and has told nothing."""
        self.ids.add(xid)

    def speaks(self, xid: int) -> None:
        """It is about to tell."""
        if xid in self.ids:
            self.ids.discard(xid)
            self.spoken += 1

    def ended(self, xid: int) -> None:
        """It is over."""
        self.ids.discard(xid)

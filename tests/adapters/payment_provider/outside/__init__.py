"""Outside payment providers on the wire, each with its own API: the simulated provider keeps their books and faults."""

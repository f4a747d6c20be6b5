"""What it all costs and why: a pure function over loaded facts. See docs/decisions on how prices compose."""

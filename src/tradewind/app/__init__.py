"""Opens the edges, chooses the adapters, hosts the contexts: the only place that knows everything."""

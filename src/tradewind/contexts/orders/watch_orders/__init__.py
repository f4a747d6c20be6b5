"""Follow orders as they move, over a WebSocket."""

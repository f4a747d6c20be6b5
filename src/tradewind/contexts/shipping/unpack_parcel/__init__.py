"""Look at what came back undelivered, and put it back on the shelf."""

"""Let flash sales start, sell out, reopen and end: each once, when it is time."""

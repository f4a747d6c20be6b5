"""How processes tell each other which sessions have ended, beside the log that tells all of them."""

"""Protocol machinery: what a context needs to be reached over REST and, later, the other protocols."""

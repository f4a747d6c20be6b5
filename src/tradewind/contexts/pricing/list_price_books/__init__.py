"""See which price books there are."""

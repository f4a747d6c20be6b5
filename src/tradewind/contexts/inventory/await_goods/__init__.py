"""Let orders wait for goods that are not there."""

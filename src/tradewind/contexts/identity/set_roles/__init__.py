"""Say what somebody is."""

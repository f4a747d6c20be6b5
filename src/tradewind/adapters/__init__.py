"""The engines behind the ports, one folder a port, one file an engine."""

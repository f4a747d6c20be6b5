"""Send some of a shipment apart."""

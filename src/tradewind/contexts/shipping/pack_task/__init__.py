"""Say what a shipment is packed into."""

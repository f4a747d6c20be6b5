"""See what a shipment is packed into, and how far that is."""

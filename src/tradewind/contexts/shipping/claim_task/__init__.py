"""Go for the goods of a shipment, or leave them to others."""

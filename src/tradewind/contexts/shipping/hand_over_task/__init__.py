"""Have a shipment picked and packed by the warehouse's own system."""

"""What goes with a product."""

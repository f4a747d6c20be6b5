"""What goes on between the shop and a warehouse that picks by itself."""

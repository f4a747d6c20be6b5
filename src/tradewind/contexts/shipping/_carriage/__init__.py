"""What goes on between the shop and its carriers."""

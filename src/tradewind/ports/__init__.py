"""Small protocols for the engines that the shop can run on."""

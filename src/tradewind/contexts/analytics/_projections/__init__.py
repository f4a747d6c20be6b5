"""What analytics keeps of what others tell, to be read as it is."""

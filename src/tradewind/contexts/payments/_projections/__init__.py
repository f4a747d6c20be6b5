"""What payments keeps of what others tell, made of events alone."""

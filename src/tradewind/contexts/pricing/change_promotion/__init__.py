"""Write a promotion anew."""

"""What shipping does when others tell something."""

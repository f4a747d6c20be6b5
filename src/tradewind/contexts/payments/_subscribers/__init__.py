"""What payments does when others tell something."""

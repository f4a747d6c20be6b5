"""What returns does when others tell something."""

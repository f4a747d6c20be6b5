"""What orders does when others tell something."""

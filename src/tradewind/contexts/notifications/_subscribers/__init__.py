"""What notifications does when it hears of something."""

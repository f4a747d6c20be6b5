"""Write down a promotion; it counts once it is activated."""

"""Say that a message came back: nobody is reached at its address."""

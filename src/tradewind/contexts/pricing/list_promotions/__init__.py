"""See promotions, all or one."""

"""See the flash sales that run and those to come, all or one."""

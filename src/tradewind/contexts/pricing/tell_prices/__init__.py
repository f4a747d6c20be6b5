"""Tell everybody, once, when the price that counts in general becomes another one."""

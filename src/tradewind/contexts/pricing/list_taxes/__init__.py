"""See the tax rates of every region."""

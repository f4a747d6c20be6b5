"""See one price book, its versions and what they say."""

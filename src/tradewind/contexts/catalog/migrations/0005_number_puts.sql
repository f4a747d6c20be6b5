-- Numbers what is put into the search index, so that what is late changes nothing there.
CREATE SEQUENCE catalog.put_number;

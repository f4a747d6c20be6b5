-- Whether a picture's file may be given out is asked with every request for it.
CREATE INDEX images_by_hash ON catalog.images (hash);

-- What a saga may wait for has happened while somebody was asking on its behalf: it is looked at once more, whatever the
-- answer says. Who claims it asks after all hints that there are by then.
ALTER TABLE runtime.saga ADD COLUMN hinted boolean NOT NULL DEFAULT false;

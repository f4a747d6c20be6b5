-- What became of a message, try by try; and by which place whoever copies messages knows what has changed since.
ALTER TABLE notifications.message
    ADD COLUMN log jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN stamp bigint NOT NULL DEFAULT 1;
ALTER TABLE notifications.message ALTER COLUMN stamp SET DEFAULT
    greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1);
CREATE INDEX message_changed ON notifications.message (stamp, id);

-- Messages that were erased: their ids alone, for copies to go as well.
CREATE TABLE notifications.gone (
    id     uuid   PRIMARY KEY,
    stamp  bigint NOT NULL
);
CREATE INDEX gone_changed ON notifications.gone (stamp, id);

-- A stamp is never below the transaction's own id, so readers below the oldest open one miss nothing; and grows with
-- each change of a message, whoever makes it, so that it is its version too.
CREATE FUNCTION notifications.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.stamp := greatest(OLD.stamp + 1, pg_current_xact_id()::text::bigint,
                          pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1);
    RETURN NEW;
END $$;
CREATE TRIGGER changed BEFORE UPDATE OF status, why, attempt, due_at, settled_at, log ON notifications.message
    FOR EACH ROW EXECUTE FUNCTION notifications.note_change();
CREATE FUNCTION notifications.note_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notifications.gone (id, stamp)
    VALUES (OLD.id, greatest(OLD.stamp + 1, pg_current_xact_id()::text::bigint,
                             pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1))
    ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp;
    RETURN NULL;
END $$;
CREATE TRIGGER gone AFTER DELETE ON notifications.message
    FOR EACH ROW EXECUTE FUNCTION notifications.note_gone();

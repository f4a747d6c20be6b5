ALTER TABLE runtime.outbox ADD COLUMN remark text;

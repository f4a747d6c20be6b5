ALTER TABLE runtime.saga ADD COLUMN remark text;

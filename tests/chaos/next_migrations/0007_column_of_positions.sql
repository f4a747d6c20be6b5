ALTER TABLE runtime.position ADD COLUMN remark text;

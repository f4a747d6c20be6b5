-- The warehouse that a line came back to; NULL: it has not come, or came when all was put into the main one.
ALTER TABLE returns.line ADD COLUMN warehouse text;

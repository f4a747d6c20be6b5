-- Whose an answer is: what was answered to a person goes when the person goes.
ALTER TABLE runtime.idempotency ADD COLUMN subject text;
ALTER TYPE runtime.new_answer ADD ATTRIBUTE subject text;

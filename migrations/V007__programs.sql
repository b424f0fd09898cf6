-- A session that a person has made for a program is good for what a key is good for, and not for what only people do.
ALTER TABLE sessions ADD COLUMN program BOOLEAN NOT NULL DEFAULT FALSE AFTER device;

-- Browsers call themselves otherwise.
UPDATE sessions SET program = TRUE WHERE device = 'Cap Desktop';

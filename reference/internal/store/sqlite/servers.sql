-- As in databases that servers share. Here there is one, without a name.
ALTER TABLE sessions ADD COLUMN server TEXT NOT NULL DEFAULT '';

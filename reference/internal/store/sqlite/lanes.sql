-- Deliveries of a session, which concern no archive, keep their order among themselves.
ALTER TABLE deliveries ADD COLUMN lane TEXT NOT NULL GENERATED ALWAYS AS (iif(archive_id = '', session_id, archive_id)) VIRTUAL;
DROP INDEX deliveries_owed;
CREATE INDEX deliveries_owed ON deliveries (lane, id) WHERE outcome = '';
CREATE INDEX deliveries_session ON deliveries (session_id, id) WHERE archive_id = '';
ALTER TABLE deliveries ADD COLUMN last_status INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_application ON deliveries (application_id, id);

CREATE TABLE applications (
    id      TEXT PRIMARY KEY,
    api_key INTEGER NOT NULL UNIQUE,
    data    TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    data           TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_application ON sessions (application_id);

CREATE TABLE archives (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT, -- order of the start calls
    id             TEXT NOT NULL UNIQUE,
    session_id     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL,
    status         TEXT NOT NULL,
    data           TEXT NOT NULL
) STRICT;
CREATE INDEX archives_application ON archives (application_id, seq);
CREATE INDEX archives_session ON archives (session_id, seq);
CREATE INDEX archives_pending ON archives (session_id) WHERE status IN ('started', 'paused', 'stopped');

CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL, -- media instant
    effect     TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_session ON outbox (session_id, id);

CREATE TABLE deliveries (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    session_id     TEXT NOT NULL,
    archive_id     TEXT NOT NULL,
    url            TEXT NOT NULL,
    body           BLOB NOT NULL,
    created_at     INTEGER NOT NULL, -- policy time, ns
    not_before     INTEGER NOT NULL, -- policy time, ns
    attempts       INTEGER NOT NULL DEFAULT 0,
    outcome        TEXT NOT NULL DEFAULT '' -- delivered or dropped; empty while owed
) STRICT;
CREATE INDEX deliveries_owed ON deliveries (archive_id, id) WHERE outcome = '';

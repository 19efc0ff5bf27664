CREATE TABLE servers (
    id  TEXT PRIMARY KEY,
    url TEXT NOT NULL -- that clients reach it by
);

CREATE TABLE secrets ( -- that servers have in common
    name  TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE applications (
    rowid   BIGINT GENERATED ALWAYS AS IDENTITY, -- order of creation
    id      TEXT PRIMARY KEY,
    api_key BIGINT NOT NULL UNIQUE,
    data    TEXT NOT NULL
);

CREATE TABLE sessions (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    server         TEXT NOT NULL REFERENCES servers (id),
    data           TEXT NOT NULL
);
CREATE INDEX sessions_application ON sessions (application_id);

CREATE TABLE archives (
    seq            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of the start calls
    id             TEXT NOT NULL UNIQUE,
    session_id     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL,
    status         TEXT NOT NULL,
    data           TEXT NOT NULL -- JSON as text: jsonb would refuse some strings
);
CREATE INDEX archives_application ON archives (application_id, seq);
CREATE INDEX archives_session ON archives (session_id, seq);
CREATE INDEX archives_pending ON archives (session_id) WHERE status IN ('started', 'paused', 'stopped');

CREATE TABLE outbox (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    at         BIGINT NOT NULL, -- media instant
    effect     TEXT NOT NULL
);
CREATE INDEX outbox_session ON outbox (session_id, id);

CREATE TABLE deliveries (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    session_id     TEXT NOT NULL,
    archive_id     TEXT NOT NULL,
    lane           TEXT NOT NULL GENERATED ALWAYS AS (CASE WHEN archive_id = '' THEN session_id ELSE archive_id END) STORED,
    url            TEXT NOT NULL,
    body           BYTEA NOT NULL,
    created_at     BIGINT NOT NULL, -- policy time, ns
    not_before     BIGINT NOT NULL, -- policy time, ns
    attempts       INTEGER NOT NULL DEFAULT 0,
    last_status    INTEGER NOT NULL DEFAULT 0,
    outcome        TEXT NOT NULL DEFAULT '' -- delivered or dropped; empty while owed
);
CREATE INDEX deliveries_owed ON deliveries (lane, id) WHERE outcome = '';
CREATE INDEX deliveries_session ON deliveries (session_id, id) WHERE archive_id = '';
CREATE INDEX deliveries_application ON deliveries (application_id, id);

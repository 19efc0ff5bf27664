package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"reelcheck/reference/internal/store"
)

// elsewhere returns the error for a request for something that belongs to another server.
func (s *Store) elsewhere(ctx context.Context, server string) error {
	e := &store.Elsewhere{}
	if err := s.Read.QueryRowContext(ctx, "SELECT url FROM servers WHERE id = $1", server).Scan(&e.URL); err != nil {
		return fmt.Errorf("find server %q: %w", server, err)
	}
	return e
}

// FileServer returns the URL of the server that has the file of an archive. It returns "" if that is this server, or if there is no such archive.
func (s *Store) FileServer(ctx context.Context, archiveID string) (url string, err error) {
	if s.Server == "" {
		return "", nil // there is no other server
	}
	err = s.Read.QueryRowContext(ctx, `SELECT url FROM archives JOIN sessions ON sessions.id = session_id JOIN servers ON servers.id = server
		WHERE archives.id = $1 AND server <> $2`, archiveID, s.Server).Scan(&url)
	if err = s.Known(err); errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return url, err
}

// Shared returns the value with this name that all servers on the database share. The first server sets it to mine.
func (s *Store) Shared(ctx context.Context, name string, mine []byte) (value []byte, err error) {
	if _, err := s.exec(ctx, "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, mine); err != nil {
		return nil, fmt.Errorf("share %s: %w", name, err)
	}
	if err := s.Read.QueryRowContext(ctx, "SELECT value FROM secrets WHERE name = $1", name).Scan(&value); err != nil {
		return nil, fmt.Errorf("share %s: %w", name, err)
	}
	return value, nil
}

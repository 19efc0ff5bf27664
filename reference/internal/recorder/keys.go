package recorder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/seal"
)

// archiveKey is the suffix of the file with an archive's key.
const archiveKey = ".key"

// checkKeys opens every key of an earlier process. A server that cannot open them must not start: it would treat what they protect as lost, and
// remove it.
func (r *Recorder) checkKeys() error {
	archives, err := durable.Glob(r.output(""), "*"+archiveKey)
	if err != nil {
		return err
	}
	for _, path := range archives {
		name := filepath.Base(path)
		if _, err := r.Keys.Load(path, archiveName(name[:len(name)-len(archiveKey)])); err != nil {
			return err
		}
	}
	journals, err := seal.JournalKeys(filepath.Join(r.Dir, "journals"))
	if err != nil {
		return err
	}
	for _, dir := range journals {
		if _, err := r.Keys.JournalKey(dir); err != nil {
			return err
		}
	}
	return nil
}

func archiveName(id string) string { return "archive " + id }

// cipher returns the cipher for the file of an archive, nil if the file is not encrypted. The first call decides: the file is encrypted if the
// application has a certificate then. Later calls return the same, also after a crash.
func (r *Recorder) cipher(ctx context.Context, a archive.Archive) (*seal.Cipher, error) {
	path := r.output(a.ID) + archiveKey
	secret, err := r.Keys.Load(path, archiveName(a.ID))
	if err == nil {
		c, err := seal.ParseCipher(secret)
		return &c, err
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if r.Certificate == nil || a.OutputMode == archive.Individual || compose.Complete(r.output(a.ID)) { // ARC-SEC-10, ARC-SEC-09
		return nil, nil
	}
	text, err := r.Certificate(ctx, a.ApplicationID)
	if err != nil || text == "" {
		return nil, err
	}
	holder, err := seal.Certificate(text)
	if err != nil {
		return nil, fmt.Errorf("certificate of application %s: %w", a.ApplicationID, err)
	}
	c, err := seal.NewCipher(holder)
	if err != nil {
		return nil, err
	}
	return &c, r.Keys.Store(path, archiveName(a.ID), c.Bytes())
}

// discardKey removes the key of an archive.
func (r *Recorder) discardKey(archiveID string) error {
	err := os.Remove(r.output(archiveID) + archiveKey)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// key returns the key of the session's journal. If there is none, it makes one if create is set, and returns nil otherwise. It needs s.mu.
func (s *session) key(create bool) ([]byte, error) {
	key, err := s.keys.JournalKey(s.dir)
	if err != nil || key != nil || !create {
		return key, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	return s.keys.NewJournalKey(s.dir)
}

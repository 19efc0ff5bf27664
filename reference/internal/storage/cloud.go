package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/durable"
)

// Cloud is the built-in cloud: files in the data directory. It also serves them; see [Cloud.Link].
type Cloud struct {
	files *os.Root
	key   []byte
	now   func(applicationID string) time.Time
}

// OpenCloud opens or creates the cloud below dir, with the key that signs its links. now returns the policy time of an application.
func OpenCloud(dir string, now func(applicationID string) time.Time) (*Cloud, error) {
	files := filepath.Join(dir, "files")
	if err := os.MkdirAll(files, 0o700); err != nil {
		return nil, fmt.Errorf("open cloud: %w", err)
	}
	key, err := linkKey(filepath.Join(dir, "link.key"))
	if err != nil {
		return nil, fmt.Errorf("open cloud: %w", err)
	}
	root, err := os.OpenRoot(files)
	if err != nil {
		return nil, fmt.Errorf("open cloud: %w", err)
	}
	return &Cloud{files: root, key: key, now: now}, nil
}

func linkKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) == 32 {
		return key, nil
	}
	if err == nil {
		return nil, fmt.Errorf("%s: want 32 bytes, got %d", path, len(key))
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	key = make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return key, durable.WriteFile(path, key, 0o600)
}

// Put stores the file of a, durably, and returns its SHA-256 in base64.
func (c *Cloud) Put(ctx context.Context, a archive.Archive, r io.Reader) (sum string, err error) {
	path := filepath.Join(c.files.Name(), filepath.FromSlash(Key(a)))
	if sum, err = c.put(ctx, path, r); err != nil {
		return "", fmt.Errorf("write %q: %w", Key(a), err)
	}
	return sum, nil
}

func (c *Cloud) put(ctx context.Context, path string, r io.Reader) (sum string, err error) {
	dir := filepath.Dir(path)
	if err := errors.Join(os.MkdirAll(dir, 0o700), durable.Clean(dir)); err != nil {
		return "", err
	}
	hash := sha256.New()
	if _, err := durable.File(path, 0o600, func(f *os.File) error { return copyAhead(ctx, f, io.TeeReader(r, hash)) }); err != nil {
		return "", err
	}
	for dir != c.files.Name() { // makes the names of new directories durable
		dir = filepath.Dir(dir)
		if err := durable.Sync(dir); err != nil {
			return "", err
		}
	}
	return base64.StdEncoding.EncodeToString(hash.Sum(nil)), nil // ARC-STO-04
}

// open opens the file with this key.
func (c *Cloud) open(key string) (*os.File, os.FileInfo, error) {
	f, err := c.files.Open(filepath.FromSlash(key))
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = os.ErrNotExist
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// Erase removes the file of a, if it exists.
func (c *Cloud) Erase(_ context.Context, a archive.Archive) error {
	return c.files.RemoveAll(filepath.Dir(filepath.FromSlash(Key(a))))
}

// EraseApplication removes every file of an application.
func (c *Cloud) EraseApplication(applicationID string) error {
	if applicationID == "" || filepath.Base(applicationID) != applicationID {
		return fmt.Errorf("erase files: bad application id %q", applicationID)
	}
	return c.files.RemoveAll(applicationID)
}

func (c *Cloud) Close() error { return c.files.Close() }

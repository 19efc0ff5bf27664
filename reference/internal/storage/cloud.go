package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"reelcheck/reference/internal/archive"
)

// Cloud is the built-in cloud: a bucket of files in the data directory. It also serves them, see [Cloud.Link].
type Cloud struct {
	dir    string
	bucket *blob.Bucket
	key    []byte
	now    func(applicationID string) time.Time
}

// OpenCloud opens the bucket below dir, or makes it, with the key that signs its links. now is the policy time of an application.
func OpenCloud(dir string, now func(applicationID string) time.Time) (*Cloud, error) {
	files := filepath.Join(dir, "files")
	if err := os.MkdirAll(files, 0o700); err != nil {
		return nil, fmt.Errorf("open cloud: %w", err)
	}
	key, err := linkKey(filepath.Join(dir, "link.key"))
	if err != nil {
		return nil, fmt.Errorf("open cloud: %w", err)
	}
	bucket, err := fileblob.OpenBucket(files, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("open cloud: %w", err)
	}
	return &Cloud{dir: files, bucket: bucket, key: key, now: now}, nil
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
	next := path + ".new"
	if err := os.WriteFile(next, key, 0o600); err != nil {
		return nil, err
	}
	if err := syncPath(next); err != nil {
		return nil, err
	}
	if err := os.Rename(next, path); err != nil {
		return nil, err
	}
	return key, syncPath(filepath.Dir(path))
}

// Put keeps the file of a and returns its SHA-256 in base64. The file is on disk when Put returns.
func (c *Cloud) Put(ctx context.Context, a archive.Archive, r io.Reader) (sum string, err error) {
	key := Key(a)
	sum, err = write(ctx, c.bucket, key, contentType(a), r)
	if err != nil {
		return "", err
	}
	for path := filepath.Join(c.dir, filepath.FromSlash(key)); path != filepath.Dir(c.dir); path = filepath.Dir(path) {
		if err := syncPath(path); err != nil {
			return "", fmt.Errorf("sync %q: %w", key, err)
		}
	}
	return sum, nil
}

// Erase removes the file of a, if there is one.
func (c *Cloud) Erase(ctx context.Context, a archive.Archive) error {
	err := c.bucket.Delete(ctx, Key(a))
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}

// EraseApplication removes every file of an application.
func (c *Cloud) EraseApplication(applicationID string) error {
	if applicationID == "" || filepath.Base(applicationID) != applicationID {
		return fmt.Errorf("erase files: bad application id %q", applicationID)
	}
	return os.RemoveAll(filepath.Join(c.dir, applicationID))
}

func (c *Cloud) Close() error { return c.bucket.Close() }

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

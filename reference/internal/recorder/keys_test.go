package recorder

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/timeline"
)

// certified returns a recorder whose applications have the certificate *text, which may change while it runs.
func certified(t *testing.T, dir, keyfile string, text *string) (*Recorder, error) {
	t.Helper()
	now := av.Instant(time.Hour)
	r, err := New(Config{Dir: dir, Media: func() av.Instant { now++; return now }, Log: slog.New(slog.DiscardHandler),
		Certificate: func(context.Context, string) (string, error) { return *text, nil }, Keys: seal.NewKeyfile(keyfile)})
	if err == nil {
		t.Cleanup(func() { _ = r.Close() })
	}
	return r, err
}

func certificate(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	self := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, self, self, key.Public(), key)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// password returns the password of the file once the archive has stopped.
func password(t *testing.T, r *Recorder, id string) string {
	t.Helper()
	told := make(chan string, 1)
	must(t, r.Compose(t.Context(), silent(id), func(f sessions.File, err error) {
		if err != nil {
			t.Error(err)
		}
		told <- f.Password
	}))
	must(t, r.Note("S", timeline.Event{Kind: timeline.Stopped, Archive: id, At: 5}))
	select {
	case p := <-told:
		return p
	case <-time.After(5 * time.Second):
		t.Fatalf("archive %s is not composed", id)
		return ""
	}
}

// TestCertificateCountsAtTheStart checks that an archive keeps its password after a restart and without the certificate, until it is discarded.
func TestCertificateCountsAtTheStart(t *testing.T) {
	root := t.TempDir()
	dir, keyfile, text := filepath.Join(root, "recordings"), filepath.Join(root, "key"), certificate(t)
	r, err := certified(t, dir, keyfile, &text)
	must(t, err)
	must(t, r.Compose(t.Context(), silent("a"), func(sessions.File, error) {}))
	cipher, err := r.cipher(t.Context(), silent("a"))
	must(t, err)
	text = ""
	must(t, r.Close())
	half := filepath.Join(dir, "archives", ".never"+archiveKey+".1.part") // left by a crash
	must(t, os.WriteFile(half, []byte("half"), 0o600))

	r, err = certified(t, dir, keyfile, &text)
	must(t, err)
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a key is still there: %v", err)
	}
	_, _, err = r.Recover("S", []string{"a"})
	must(t, err)
	if got := password(t, r, "a"); got != cipher.Password || got == "" {
		t.Errorf("password %q after the restart, was %q", got, cipher.Password)
	}
	must(t, r.Close())
	r, err = certified(t, dir, keyfile, &text)
	must(t, err)
	if got := password(t, r, "a"); got != cipher.Password {
		t.Errorf("password %q of the complete file, was %q", got, cipher.Password)
	}
	must(t, errors.Join(r.Discard("S", "a"), r.Discard("S", "a")))
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if got := password(t, r, "b"); got != "" {
		t.Errorf("password %q without a certificate", got)
	}
	text = certificate(t)
	if got, err := r.cipher(t.Context(), silent("b")); err != nil || got != nil {
		t.Errorf("a complete file became encrypted afterwards: %v", err)
	}
	if got, err := r.cipher(t.Context(), archive.Archive{ID: "i", OutputMode: archive.Individual}); err != nil || got != nil {
		t.Errorf("an individual archive has a password: %v", err)
	}
}

// TestWithoutTheKeyFile checks that a recorder that cannot open the keys it finds does not start, and says why, also in a directory whose name
// looks like a pattern.
func TestWithoutTheKeyFile(t *testing.T) {
	for _, name := range []string{"usual", "[abc]"} {
		root := filepath.Join(t.TempDir(), name)
		must(t, os.Mkdir(root, 0o700))
		withoutTheKeyFile(t, root)
	}
}

func withoutTheKeyFile(t *testing.T, root string) {
	t.Helper()
	dir, text := filepath.Join(root, "recordings"), certificate(t)
	r, err := certified(t, dir, filepath.Join(root, "key"), &text)
	must(t, err)
	must(t, r.Compose(t.Context(), silent("a"), func(sessions.File, error) {}))
	must(t, r.Close())
	other := filepath.Join(root, "other")
	must(t, seal.NewKeyfile(other).Store(filepath.Join(root, "something"), "x", []byte("y")))
	for path, says := range map[string]string{filepath.Join(root, "none"): "none does not exist", other: "other does not open"} {
		for _, only := range []string{"archives/a.key", "journals/S/key"} { // each alone must be checked
			hidden := filepath.Join(dir, only)
			must(t, os.Rename(hidden, filepath.Join(root, "away")))
			_, err := certified(t, dir, path, &text)
			if err == nil || !strings.Contains(err.Error(), "key-file: ") || !strings.Contains(err.Error(), says) {
				t.Errorf("without %s: %v, want %q", only, err, says)
			}
			must(t, os.Rename(filepath.Join(root, "away"), hidden))
		}
	}
	if _, err := certified(t, dir, filepath.Join(root, "key"), &text); err != nil {
		t.Errorf("with the key file: %v", err)
	}
}

// TestBadCertificate checks that a certificate that was corrupted in the store fails the archive, and that nothing is recorded unencrypted.
func TestBadCertificate(t *testing.T) {
	root, text := t.TempDir(), "no certificate"
	r, err := certified(t, filepath.Join(root, "recordings"), filepath.Join(root, "key"), &text)
	must(t, err)
	if err := r.Compose(t.Context(), silent("a"), func(sessions.File, error) { t.Error("done") }); err == nil || !bytes.Contains([]byte(err.Error()), []byte("certificate")) {
		t.Errorf("composed: %v", err)
	}
}

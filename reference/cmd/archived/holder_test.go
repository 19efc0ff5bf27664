package main

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// holder has the private key of a certificate and does what the documentation tells those who have one to do.
type holder struct {
	key         string // file
	certificate string // PEM
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	h := &holder{key: filepath.Join(t.TempDir(), "private.pem")}
	openssl(t, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=archives", "-keyout", h.key, "-out", h.key+".crt")
	certificate, err := os.ReadFile(h.key + ".crt")
	must(t, err)
	h.certificate = string(certificate)
	return h
}

// secrets are the key and the initialization vector that a password tells.
func (h *holder) secrets(t *testing.T, password string) (key, vector []byte) {
	t.Helper()
	sealed, err := base64.StdEncoding.DecodeString(password)
	must(t, err)
	in, out := filepath.Join(t.TempDir(), "password"), filepath.Join(t.TempDir(), "said")
	must(t, os.WriteFile(in, sealed, 0o600))
	openssl(t, "pkeyutl", "-decrypt", "-inkey", h.key, "-pkeyopt", "rsa_padding_mode:oaep", "-in", in, "-out", out)
	said, err := os.ReadFile(out)
	must(t, err)
	if len(said) != 51 || string(said[:3]) != "\x01\x01\x01" {
		t.Fatalf("the password is % x, want 01 01 01, 32 bytes of key and 16 of initialization vector", said)
	}
	return said[3:35], said[35:]
}

func (h *holder) decrypt(t *testing.T, password string, file []byte) []byte {
	t.Helper()
	key, vector := h.secrets(t, password)
	in, out := filepath.Join(t.TempDir(), "archive.mp4"), filepath.Join(t.TempDir(), "archive.ts")
	must(t, os.WriteFile(in, file, 0o600))
	openssl(t, "enc", "-d", "-aes-256-cbc", "-nopad", "-K", hex.EncodeToString(key), "-iv", hex.EncodeToString(vector), "-in", in, "-out", out)
	plain, err := os.ReadFile(out)
	must(t, err)
	return plain
}

func openssl(t *testing.T, args ...string) {
	t.Helper()
	if said, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v: %s", args, err, said)
	}
}

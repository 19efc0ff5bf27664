package main

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// keyHolder has the private key of a certificate and decrypts as the README tells its readers to.
type keyHolder struct {
	key         string // file with the private key
	certificate string // PEM
	recipe      string // shell commands that decrypt archive.mp4 to archive.ts
}

var (
	everyHolder keyHolder // made once, because making keys takes long
	holderMade  sync.Once
)

func newKeyHolder(t *testing.T) *keyHolder {
	t.Helper()
	holderMade.Do(func() { everyHolder = makeKeyHolder(t, filepath.Dir(bin)) })
	if everyHolder.key == "" {
		t.Fatal("there is no certificate")
	}
	return &everyHolder
}

func makeKeyHolder(t *testing.T, dir string) keyHolder {
	t.Helper()
	readme, err := os.ReadFile("../../../README.md")
	must(t, err)
	_, section, found := strings.Cut(string(readme), "## Encrypt archives\n")
	_, block, fenced := strings.Cut(section, "```sh\n")
	block, _, closed := strings.Cut(block, "```\n")
	request, recipe, parted := strings.Cut(block, "\n\n")
	if !found || !fenced || !closed || !parted {
		t.Fatal("the README has no recipe in two parts for encrypted archives")
	}
	shell(t, dir, request)
	certificate, err := os.ReadFile(filepath.Join(dir, "certificate.pem"))
	must(t, err)
	return keyHolder{key: filepath.Join(dir, "private.pem"), certificate: string(certificate), recipe: recipe}
}

// secrets returns the key and the initialization vector in a password.
func (h *keyHolder) secrets(t *testing.T, password string) (key, vector []byte) {
	t.Helper()
	sealed, err := base64.StdEncoding.DecodeString(password)
	must(t, err)
	in, out := filepath.Join(t.TempDir(), "password"), filepath.Join(t.TempDir(), "said")
	must(t, os.WriteFile(in, sealed, 0o600))
	if said, err := exec.Command("openssl", "pkeyutl", "-decrypt", "-inkey", h.key, "-pkeyopt", "rsa_padding_mode:oaep", "-in", in, "-out", out).CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v: %s", err, said)
	}
	said, err := os.ReadFile(out)
	must(t, err)
	if len(said) != 51 || string(said[:3]) != "\x01\x01\x01" {
		t.Fatalf("the password is % x, want 01 01 01, 32 bytes of key and 16 of initialization vector", said)
	}
	return said[3:35], said[35:]
}

func (h *keyHolder) decrypt(t *testing.T, password string, file []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Symlink(h.key, filepath.Join(dir, "private.pem")))
	must(t, os.WriteFile(filepath.Join(dir, "archive.mp4"), file, 0o600))
	shell(t, dir, h.recipe, "PASSWORD="+password)
	plain, err := os.ReadFile(filepath.Join(dir, "archive.ts"))
	must(t, err)
	return plain
}

func shell(t *testing.T, dir, commands string, environment ...string) {
	t.Helper()
	cmd := exec.Command("sh", "-eu", "-c", commands)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), environment...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v: %s", commands, err, said)
	}
}

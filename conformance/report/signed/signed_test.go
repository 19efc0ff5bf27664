package signed

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reelcheck/conformance/report/folder"
)

// signedFolder returns a folder with a signed report, and its key.
func signedFolder(t *testing.T) (string, ed25519.PrivateKey) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"report.json": "{}", "evidence/journal.jsonl": "", "evidence/blobs/aa": "bytes", "s3/store": "working files"} {
		put(t, dir, name, text)
	}
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	if err := Sign(dir, key); err != nil {
		t.Fatal(err)
	}
	return dir, key
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func TestVerifySaysWhatChanged(t *testing.T) {
	dir, key := signedFolder(t)
	for _, known := range []ed25519.PublicKey{nil, public(key)} {
		r, err := Verify(dir, known)
		if err != nil || !r.Intact() || r.Files != 3 || !r.Key.Equal(public(key)) {
			t.Errorf("an untouched folder: %+v, %v", r, err)
		}
	}
	put(t, dir, "s3/store", "changed")
	put(t, dir, "report.json", "{ }")
	put(t, dir, "evidence/extra", "x")
	if err := errors.Join(os.Remove(filepath.Join(dir, "evidence/blobs/aa")), os.Symlink("/etc/passwd", filepath.Join(dir, "evidence/link"))); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(dir, public(key))
	if err != nil || r.Intact() || !slices.Equal(r.Changed, []string{"report.json"}) || !slices.Equal(r.Missing, []string{"evidence/blobs/aa"}) ||
		!slices.Equal(r.Unsigned, []string{"evidence/extra", "evidence/link"}) {
		t.Errorf("%+v, %v", r, err)
	}
	if err := Sign(dir, key); err == nil {
		t.Error("a symbolic link was signed")
	}
}

func TestASymbolicLinkIsNotWhatWasSigned(t *testing.T) {
	dir, key := signedFolder(t)
	outside := filepath.Join(t.TempDir(), "same")
	put(t, filepath.Dir(outside), "same", "{}")
	if err := errors.Join(os.Remove(filepath.Join(dir, "report.json")), os.Symlink(outside, filepath.Join(dir, "report.json"))); err != nil {
		t.Fatal(err)
	}
	if r, err := Verify(dir, public(key)); err != nil || !slices.Equal(r.Changed, []string{"report.json"}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestForgedManifests(t *testing.T) {
	_, key := signedFolder(t)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	head := title + "\n" + keyPrefix + base64.StdEncoding.EncodeToString(public(key)) + "\n"
	sum := strings.Repeat("0a", 32)
	for name, forge := range map[string]func(t *testing.T, dir string){
		"signed again by another key": func(t *testing.T, dir string) {
			if err := Sign(dir, other); err != nil {
				t.Fatal(err)
			}
		},
		"a changed manifest": func(t *testing.T, dir string) { put(t, dir, folder.Manifest, head) },
		"a path outside": func(t *testing.T, dir string) {
			manifest := head + sum + "  ../secret\n"
			put(t, dir, folder.Manifest, manifest)
			put(t, dir, folder.Signature, string(ed25519.Sign(key, []byte(manifest))))
		},
		"a path twice": func(t *testing.T, dir string) {
			manifest := head + sum + "  a\n" + sum + "  a\n"
			put(t, dir, folder.Manifest, manifest)
			put(t, dir, folder.Signature, string(ed25519.Sign(key, []byte(manifest))))
		},
		"no manifest":       func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, folder.Manifest)) },
		"no signature":      func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, folder.Signature)) },
		"an empty one":      func(t *testing.T, dir string) { put(t, dir, folder.Manifest, "") },
		"a short signature": func(t *testing.T, dir string) { put(t, dir, folder.Signature, "short") },
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := signedFolder(t)
			forge(t, dir)
			_, err := Verify(dir, public(key))
			var bad *SignatureError
			if !errors.As(err, &bad) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestOtherProgramsVerify checks the promise that neither openssl nor sha256sum needs conform.
func TestOtherProgramsVerify(t *testing.T) {
	for _, tool := range []string{"openssl", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	run := func(dir string, argv ...string) error {
		c := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		t.Logf("%v: %s", argv, out)
		return err
	}
	keys := t.TempDir()
	if err := errors.Join(run(keys, "openssl", "genpkey", "-algorithm", "ed25519", "-out", "key.pem"),
		run(keys, "openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem")); err != nil {
		t.Fatal(err)
	}
	key, err := ReadPrivateKey(filepath.Join(keys, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if pub, err := ReadPublicKey(filepath.Join(keys, "pub.pem")); err != nil || !pub.Equal(public(key)) {
		t.Fatal(err)
	}
	dir, _ := signedFolder(t)
	if err := Sign(dir, key); err != nil {
		t.Fatal(err)
	}
	verify := []string{"openssl", "pkeyutl", "-verify", "-pubin", "-inkey", filepath.Join(keys, "pub.pem"), "-rawin", "-in", folder.Manifest, "-sigfile", folder.Signature}
	if err := errors.Join(run(dir, verify...), run(dir, "sha256sum", "--check", "--strict", folder.Manifest)); err != nil {
		t.Error(err)
	}
	put(t, dir, "report.json", "{ }")
	if run(dir, "sha256sum", "--check", folder.Manifest) == nil {
		t.Error("sha256sum did not notice")
	}
}

func TestKeysThatAreNone(t *testing.T) {
	dir := t.TempDir()
	secret := "not-a-key-but-a-secret"
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"text": secret, "public": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte(secret)})),
		"private": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8[:20]}))} {
		put(t, dir, name, text)
		path := filepath.Join(dir, name)
		_, err := ReadPrivateKey(path)
		if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s as a private key: %v", name, err)
		}
		if _, err := ReadPublicKey(path); err == nil {
			t.Errorf("%s was read as a public key", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(title + "\n" + keyPrefix + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n" + strings.Repeat("0a", 32) + "  a/b\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, sums, err := parse(b)
		if err == nil && len(key) != ed25519.PublicKeySize {
			t.Errorf("key of %d bytes", len(key))
		}
		for path := range sums {
			if !filepath.IsLocal(path) {
				t.Errorf("path %q", path)
			}
		}
	})
}

package signed

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reelcheck/conformance/report/folder"
)

// Result is what became of a signed folder. Paths are relative to it.
type Result struct {
	Key      ed25519.PublicKey // that the manifest names
	Files    int               // number of files in the manifest
	Changed  []string          // with other bytes than were signed
	Missing  []string
	Unsigned []string // in the folder, but not in the manifest
}

// Intact reports whether the folder is as it was signed.
func (r Result) Intact() bool { return len(r.Changed)+len(r.Missing)+len(r.Unsigned) == 0 }

// Fingerprint returns a short name of the key: the SHA-256 of its 32 bytes, in base64, as ssh prints it.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// SignatureError says that the signature proves nothing about the folder.
type SignatureError struct{ Text string }

func (e *SignatureError) Error() string { return e.Text }

// Verify compares dir with its manifest. Without a key the signature is checked by the key that the manifest names,
// which anybody can write there: that shows accidents and not forgery. A manifest or signature that is missing,
// malformed or false is a *[SignatureError].
func Verify(dir string, key ed25519.PublicKey) (Result, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Result{}, err
	}
	defer root.Close()
	manifest, err := small(root, folder.Manifest)
	if err != nil {
		return Result{}, err
	}
	signature, err := small(root, folder.Signature)
	if err != nil {
		return Result{}, err
	}
	named, sums, err := parse(manifest)
	if err != nil {
		return Result{}, err
	}
	r := Result{Key: named, Files: len(sums)}
	switch {
	case key != nil && !key.Equal(named):
		return r, &SignatureError{"it is signed by the key " + Fingerprint(named) + " and not by " + Fingerprint(key)}
	case len(signature) != ed25519.SignatureSize, !ed25519.Verify(named, manifest, signature):
		return r, &SignatureError{folder.Signature + " is no signature of " + folder.Manifest + " by the key " + Fingerprint(named)}
	}
	for path, want := range sums {
		switch got, err := hash(root, path); {
		case errors.Is(err, fs.ErrNotExist):
			r.Missing = append(r.Missing, path)
		case err != nil || got != want:
			r.Changed = append(r.Changed, path)
		}
	}
	err = each(root, func(path string) error {
		if _, signed := sums[path]; !signed {
			r.Unsigned = append(r.Unsigned, path)
		}
		return nil
	})
	slices.Sort(r.Changed)
	slices.Sort(r.Missing)
	return r, err
}

// small reads a file that must be there and be no longer than a manifest.
func small(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &SignatureError{"it is not signed: " + name + " is missing"}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(b) > maxManifest {
		return nil, &SignatureError{fmt.Sprintf("%s has more than %d bytes", name, maxManifest)}
	}
	return b, err
}

// parse reads a manifest strictly, since a lenient reader may see other files than sha256sum does.
func parse(manifest []byte) (key ed25519.PublicKey, sums map[string]string, err error) {
	lines := strings.Split(string(manifest), "\n")
	malformed := func(n int, what string) error {
		return &SignatureError{fmt.Sprintf("%s, line %d: want %s", folder.Manifest, n, what)}
	}
	if len(lines) < 3 || lines[0] != title {
		return nil, nil, malformed(1, title)
	}
	key, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], keyPrefix))
	if err != nil || len(key) != ed25519.PublicKeySize || !strings.HasPrefix(lines[1], keyPrefix) {
		return nil, nil, malformed(2, keyPrefix+"and a key in base64")
	}
	if lines[len(lines)-1] != "" {
		return nil, nil, malformed(len(lines), "a line end")
	}
	sums = map[string]string{}
	for i, line := range lines[2 : len(lines)-1] {
		sum, path, ok := strings.Cut(line, "  ")
		raw, err := hex.DecodeString(sum)
		if !ok || err != nil || len(raw) != sha256.Size || sum != strings.ToLower(sum) {
			return nil, nil, malformed(i+3, "64 lower-case hex digits, two spaces and a path")
		}
		if !fs.ValidPath(path) || !filepath.IsLocal(path) || sums[path] != "" {
			return nil, nil, malformed(i+3, "a path in the folder that no other line has")
		}
		sums[path] = sum
	}
	return key, sums, nil
}

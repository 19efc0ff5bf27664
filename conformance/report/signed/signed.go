// Package signed signs a report folder, and tells what has changed in one since.
//
// The manifest lists every file with its SHA-256, in the form of sha256sum, and its signature is plain Ed25519, so that neither needs this program:
//
//	openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in MANIFEST -sigfile MANIFEST.sig && sha256sum --check MANIFEST
package signed

import (
	"bytes"
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
	"strings"
	"unicode"

	"reelcheck/conformance/report/folder"
)

// title and keyPrefix begin the first two lines of a manifest, which are comments to sha256sum.
const (
	title     = "# conform report manifest 1"
	keyPrefix = "# ed25519 "
)

// maxManifest is the largest manifest in bytes that is read: some 100 000 files.
const maxManifest = 16 << 20

// unlisted are working folders of the suite's stores. What was uploaded is in the evidence.
var unlisted = map[string]bool{"s3": true, "azure": true, folder.Manifest: true, folder.Signature: true}

// Sign writes the manifest of all files in dir, and its signature.
func Sign(dir string, key ed25519.PrivateKey) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	defer root.Close()
	var manifest bytes.Buffer
	fmt.Fprintf(&manifest, "%s\n%s%s\n", title, keyPrefix, base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)))
	err = each(root, func(path string) error {
		if strings.ContainsFunc(path, unicode.IsControl) || strings.Contains(path, `\`) {
			return fmt.Errorf("the file name %q cannot be listed", path)
		}
		sum, err := hash(root, path)
		fmt.Fprintf(&manifest, "%s  %s\n", sum, path)
		return err
	})
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	write := func(name string, b []byte) error {
		return folder.File(filepath.Join(dir, name), func(w io.Writer) error { _, err := w.Write(b); return err })
	}
	return errors.Join(write(folder.Manifest, manifest.Bytes()), write(folder.Signature, ed25519.Sign(key, manifest.Bytes())))
}

// each calls f with the path of each file, in the order of their names.
func each(root *os.Root, f func(path string) error) error {
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case unlisted[path] && d.IsDir():
			return fs.SkipDir
		case unlisted[path], d.IsDir():
			return nil
		}
		return f(path)
	})
}

func hash(root *os.Root, path string) (string, error) {
	info, err := root.Lstat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", path)
	}
	f, err := root.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

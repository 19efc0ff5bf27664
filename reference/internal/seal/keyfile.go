// Package seal keeps what an application with a certificate records unreadable at rest.
//
// Every journal and every archive of such an application has a key of its own. What is kept on disk of these keys is wrapped by the
// key in a [Keyfile], which lies outside of the data directory. The [Box] of a log seals its records, authenticated and bound to their
// place; the [Cipher] of an archive makes the file that is delivered, which the holder of the certificate's private key can read and
// the server, once it has forgotten the archive, cannot.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reelcheck/reference/internal/durable"
	"strings"
	"sync"
)

const (
	// KeySize is the size of every key in bytes: AES-256.
	KeySize = 32
	// wrappedMagic begins a wrapped key.
	wrappedMagic = "reelkey1"
	maxWrapped   = 64 << 10
)

// Keyfile is the key that wraps all others. It is safe for concurrent use.
type Keyfile struct {
	path string

	mu   sync.Mutex // guards aead
	aead cipher.AEAD
}

// NewKeyfile uses the file at path, KeySize bytes in hex. It is made, for its owner only, when first something is stored.
func NewKeyfile(path string) *Keyfile { return &Keyfile{path: path} }

// NewKey returns a random key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails
	return key
}

// Store wraps secret and writes it to path, whole and durably. name says whose it is: it opens as nothing else.
func (k *Keyfile) Store(path, name string, secret []byte) error {
	aead, err := k.open(true)
	if err != nil {
		return err
	}
	return durable.WriteFile(path, aead.Seal([]byte(wrappedMagic), nil, secret, []byte(name)), 0o600) // ARC-SEC-02, decision 10
}

// Load returns what Store wrapped for the same name. The error is [os.ErrNotExist] when there is no file at path.
func (k *Keyfile) Load(path, name string) ([]byte, error) {
	wrapped, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	aead, err := k.open(false)
	if errors.Is(err, os.ErrNotExist) { // of another file
		return nil, fmt.Errorf("key-file: %s does not exist, and %s cannot be opened without it; give the key file that the data directory was used with", k.path, path)
	}
	if err != nil {
		return nil, err
	}
	secret, err := unwrap(aead, wrapped, name)
	if err != nil {
		return nil, fmt.Errorf("key-file: %s does not open %s: %w; give the key file that the data directory was used with", k.path, path, err)
	}
	return secret, nil
}

var errWrapped = errors.New("it is not a wrapped key, or one of another key file")

func unwrap(aead cipher.AEAD, wrapped []byte, name string) ([]byte, error) {
	sealed, ok := strings.CutPrefix(string(wrapped), wrappedMagic)
	if !ok || len(wrapped) > maxWrapped {
		return nil, errWrapped
	}
	secret, err := aead.Open(nil, nil, []byte(sealed), []byte(name))
	if err != nil {
		return nil, errWrapped
	}
	return secret, nil
}

// open reads the key, or makes it.
func (k *Keyfile) open(create bool) (cipher.AEAD, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.aead != nil {
		return k.aead, nil
	}
	text, err := os.ReadFile(k.path)
	if errors.Is(err, os.ErrNotExist) && create {
		text = []byte(hex.EncodeToString(NewKey()) + "\n")
		err = durable.WriteFile(k.path, text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("key-file: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("key-file: %s must hold %d bytes as %d hexadecimal digits", k.path, KeySize, 2*KeySize)
	}
	k.aead, err = newAEAD(key)
	return k.aead, err
}

// newAEAD is AES-256-GCM with a random nonce in front of each message, so that a place that is written twice does not repeat one.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

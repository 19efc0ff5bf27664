// Package seal encrypts on disk what is recorded for an application with a certificate.
//
// Every journal and every archive of such an application has its own key. On disk, these keys are wrapped with the key in a [Keyfile], which is
// kept outside the data directory. The [Box] of a log seals its records: it encrypts and authenticates each for its place. The [Cipher] of an
// archive encrypts the delivered file. The holder of the certificate's private key can read it; the server cannot, once it has forgotten the
// archive.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"reelcheck/reference/internal/durable"
)

const (
	// KeySize is the size of every key in bytes: AES-256.
	KeySize = 32
	// wrappedMagic is the beginning of a wrapped key.
	wrappedMagic = "reelkey1"
	maxWrapped   = 64 << 10
)

// Keyfile is the key that wraps all others. It is safe for concurrent use.
type Keyfile struct {
	path string

	mu   sync.Mutex // guards aead
	aead cipher.AEAD
}

// NewKeyfile returns the Keyfile at path, a file with KeySize bytes in hex. The file is created, for its owner only, when the first secret is
// stored.
func NewKeyfile(path string) *Keyfile { return &Keyfile{path: path} }

// NewKey returns a random key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // Read never fails
	return key
}

// Store wraps secret and writes it to path, durably. Only Load with the same name can open it.
func (k *Keyfile) Store(path, name string, secret []byte) error {
	aead, err := k.open(true)
	if err != nil {
		return err
	}
	return durable.WriteFile(path, aead.Seal([]byte(wrappedMagic), nil, secret, []byte(name)), 0o600) // ARC-SEC-02, decision 10
}

// Load returns the secret that Store wrapped with the same name. The error is [os.ErrNotExist] if there is no file at path.
func (k *Keyfile) Load(path, name string) ([]byte, error) {
	wrapped, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	aead, err := k.open(false)
	if errors.Is(err, os.ErrNotExist) { // this error is about another file, the key file
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

// open reads the key file, or creates it if create is set.
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

// newAEAD returns AES-256-GCM with a random nonce before each message, so that writing a place twice does not repeat a nonce.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

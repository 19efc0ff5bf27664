package signed

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"reelcheck/conformance/bounded"
)

// maxKey is the largest key file in bytes that is read.
const maxKey = 64 << 10

// ReadPrivateKey reads an Ed25519 key in PEM (PKCS #8, "PRIVATE KEY"), as openssl genpkey -algorithm ed25519 makes it.
func ReadPrivateKey(name string) (ed25519.PrivateKey, error) {
	block, err := readPEM(name, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: the key is a %T, want Ed25519 (openssl genpkey -algorithm ed25519 -out key.pem)", name, parsed)
	}
	return key, nil
}

// ReadPublicKey reads an Ed25519 key in PEM ("PUBLIC KEY"), as openssl pkey -pubout makes it.
func ReadPublicKey(name string) (ed25519.PublicKey, error) {
	block, err := readPEM(name, "PUBLIC KEY")
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s: the key is a %T, want Ed25519", name, parsed)
	}
	return key, nil
}

// readPEM returns the bytes of the first block, which must be of a type. It never quotes the file.
func readPEM(name, kind string) ([]byte, error) {
	text, err := bounded.File(name, maxKey)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, fmt.Errorf("%s: no PEM, want a block %q", name, kind)
	case block.Type != kind:
		return nil, fmt.Errorf("%s: a PEM block %q, want %q", name, block.Type, kind)
	}
	return block.Bytes, nil
}

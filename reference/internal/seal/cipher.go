package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // for OAEP, whose security does not depend on collisions
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
)

// minBits and maxBits limit the RSA keys of certificates. The add-on accepts no longer keys, and shorter ones do not protect.
const minBits, maxBits = 1024, 2048 // ARC-SEC-08

// Certificate returns the public key of an X.509 certificate in PEM, or in base64 of PEM. It does not check who signed the certificate or
// whether it has expired; the certificate only carries the key.
func Certificate(text string) (*rsa.PublicKey, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil {
		decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return nil, errors.New("it is neither PEM nor base64 of PEM")
		}
		if block, rest = pem.Decode(decoded); block == nil {
			return nil, errors.New("it is neither PEM nor base64 of PEM")
		}
	}
	if block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
		return nil, fmt.Errorf("it must be one CERTIFICATE, got %.64q", block.Type)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey) // ARC-SEC-08
	if !ok {
		return nil, fmt.Errorf("its key must be RSA, got %s", certificate.PublicKeyAlgorithm)
	}
	if bits := key.N.BitLen(); bits < minBits || bits > maxBits { // ARC-SEC-08
		return nil, fmt.Errorf("its RSA key must have %d to %d bits, got %d", minBits, maxBits, bits)
	}
	return key, nil
}

// passwordHead says how the file is encrypted: version 1, AES-256, CBC.
const passwordHead = "\x01\x01\x01" // ARC-SEC-06

// Cipher encrypts the file of one archive.
type Cipher struct {
	key [KeySize]byte
	iv  [aes.BlockSize]byte
	// Password tells the holder of the certificate's private key the key and iv: both in RSA-OAEP with SHA-1, the default of openssl, in base64.
	Password string
}

// NewCipher returns the cipher for a new archive.
func NewCipher(holder *rsa.PublicKey) (Cipher, error) {
	var c Cipher
	_, _ = rand.Read(c.key[:]) // never fails
	_, _ = rand.Read(c.iv[:])
	plain := append(append([]byte(passwordHead), c.key[:]...), c.iv[:]...)
	password, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, holder, plain, nil) // ARC-SEC-06, decision 10
	if err != nil {
		return c, fmt.Errorf("encrypting the password of an archive: %w", err)
	}
	c.Password = base64.StdEncoding.EncodeToString(password)
	return c, nil
}

// Bytes returns the cipher in the form that ParseCipher parses. It is secret.
func (c Cipher) Bytes() []byte { return append(append(c.key[:], c.iv[:]...), c.Password...) }

// ParseCipher parses the result of [Cipher.Bytes].
func ParseCipher(b []byte) (c Cipher, err error) {
	head := len(c.key) + len(c.iv)
	if len(b) <= head {
		return c, fmt.Errorf("a cipher of %d bytes", len(b))
	}
	copy(c.key[:], b)
	copy(c.iv[:], b[len(c.key):])
	c.Password = string(b[head:])
	return c, nil
}

// Writer returns a writer that encrypts and writes to w. It writes whole blocks only, so the total must be a multiple of 16 bytes.
func (c Cipher) Writer(w io.Writer) io.Writer {
	block, err := aes.NewCipher(c.key[:])
	if err != nil {
		panic("internal error: " + err.Error()) // the size of the key is constant
	}
	return &writer{to: w, mode: cipher.NewCBCEncrypter(block, c.iv[:])} // ARC-SEC-06
}

type writer struct {
	to   io.Writer
	mode cipher.BlockMode
	rest int    // number of bytes at the beginning of buf that wait for a whole block
	buf  []byte // a writer must not change the caller's bytes
}

func (w *writer) Write(p []byte) (int, error) {
	w.buf = append(w.buf[:w.rest], p...)
	whole := len(w.buf) - len(w.buf)%aes.BlockSize
	w.mode.CryptBlocks(w.buf[:whole], w.buf[:whole])
	if _, err := w.to.Write(w.buf[:whole]); err != nil {
		return 0, err
	}
	w.rest = copy(w.buf, w.buf[whole:])
	return len(p), nil
}

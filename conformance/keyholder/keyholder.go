// Package keyholder acts as the holder of a certificate's private key: it decrypts archives that were encrypted for it
// (sources.md#encryption).
package keyholder

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // for RSA-OAEP in the documented recipe
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

// Holder is a key pair with its self-signed certificate.
type Holder struct {
	Certificate string // PEM
	key         *rsa.PrivateKey
}

// New makes a key pair of the given number of bits.
func New(bits int) (Holder, error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return Holder{}, fmt.Errorf("key pair: %w", err)
	}
	certificate, err := selfSigned(key.Public(), key)
	return Holder{certificate, key}, err
}

// Curve returns a certificate of an elliptic curve key, which cannot encrypt a password.
func Curve() (certificate string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("key pair: %w", err)
	}
	return selfSigned(key.Public(), key)
}

func selfSigned(public, private any) (string, error) {
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "reelcheck"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, public, private)
	if err != nil {
		return "", fmt.Errorf("certificate: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}

// Opened is the content of a password: version, algorithm and mode, 1 each, then key and initialization vector.
type Opened struct {
	Version, Algorithm, Mode byte

	key, iv []byte
}

const passwordSize = 3 + 32 + aes.BlockSize

// Open decrypts the password of an archive.
func (h Holder) Open(password string) (Opened, error) {
	sealed, err := base64.StdEncoding.DecodeString(password)
	if err != nil {
		return Opened{}, fmt.Errorf("the password is not base64: %w", err)
	}
	plain, err := rsa.DecryptOAEP(sha1.New(), nil, h.key, sealed, nil)
	if err != nil {
		return Opened{}, errors.New("the password does not decrypt with the private key by RSA-OAEP with SHA-1")
	}
	if len(plain) != passwordSize {
		return Opened{}, fmt.Errorf("the password holds %d bytes, want %d", len(plain), passwordSize)
	}
	return Opened{plain[0], plain[1], plain[2], plain[3:35], plain[35:]}, nil
}

// Decrypt writes the plain file to w: AES-256-CBC without padding.
func (o Opened) Decrypt(w io.Writer, file io.Reader) error {
	block, err := aes.NewCipher(o.key)
	if err != nil {
		return err
	}
	mode := cipher.NewCBCDecrypter(block, o.iv)
	buf := make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(file, buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if n%aes.BlockSize != 0 {
			return fmt.Errorf("the file ends within a block of %d bytes", aes.BlockSize)
		}
		mode.CryptBlocks(buf[:n], buf[:n])
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
	}
}

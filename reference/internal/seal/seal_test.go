package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// certificate returns a self-signed certificate in PEM.
func certificate(t testing.TB, public, private any) string {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, public, private)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	must(t, err)
	return key
}

func TestCertificate(t *testing.T) {
	key := rsaKey(t, 2048)
	good := certificate(t, key.Public(), key)
	for name, text := range map[string]string{
		"PEM": good, "base64": base64.StdEncoding.EncodeToString([]byte(good)), "with a line before": "subject=/CN=x\n" + good,
		"base64 in lines": base64.StdEncoding.EncodeToString([]byte(good))[:64] + "\r\n" + base64.StdEncoding.EncodeToString([]byte(good))[64:] + "\n",
	} {
		if got, err := Certificate(text); err != nil || !got.Equal(key.Public()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	large := rsaKey(t, 3072)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	for name, c := range map[string]struct{ text, says string }{
		"empty":       {"", "neither PEM nor base64"},
		"words":       {"my certificate", "neither PEM nor base64"},
		"base64":      {base64.StdEncoding.EncodeToString([]byte("x")), "neither PEM nor base64"},
		"large key":   {certificate(t, large.Public(), large), "1024 to 2048 bits, got 3072"},
		"curve":       {certificate(t, curve.Public(), curve), "must be RSA, got ECDSA"},
		"two":         {good + good, "one CERTIFICATE"},
		"private key": {string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})), `got "RSA PRIVATE KEY"`},
		"broken":      {strings.Replace(good, "MII", "MIJ", 1), "x509"},
	} {
		if _, err := Certificate(c.text); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// TestCipher writes in pieces of various sizes and decrypts the result with the key from the password.
func TestCipher(t *testing.T) {
	key := rsaKey(t, 1024)
	c, err := NewCipher(&key.PublicKey)
	must(t, err)
	plain := bytes.Repeat([]byte("0123456789abcdefghijklmn"), 200) // 4800 bytes, 300 blocks
	before := bytes.Clone(plain)
	c, err = ParseCipher(c.Bytes())
	must(t, err)
	for _, size := range []int{1, 15, 16, 17, 188, 4800} {
		var sealed bytes.Buffer
		w := c.Writer(&sealed)
		for rest := plain; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			n, err := w.Write(rest[:min(size, len(rest))])
			must(t, err)
			if n != min(size, len(rest)) {
				t.Fatalf("wrote %d", n)
			}
		}
		password, err := base64.StdEncoding.DecodeString(c.Password)
		must(t, err)
		said, err := rsa.DecryptOAEP(sha1.New(), nil, key, password, nil)
		must(t, err)
		if len(said) != 51 || string(said[:3]) != "\x01\x01\x01" {
			t.Fatalf("password of %d bytes begins with % x", len(said), said[:3])
		}
		block, err := aes.NewCipher(said[3:35])
		must(t, err)
		got := bytes.Clone(sealed.Bytes())
		cipher.NewCBCDecrypter(block, said[35:]).CryptBlocks(got, got)
		if !bytes.Equal(got, plain) {
			t.Errorf("in writes of %d bytes: not what was written", size)
		}
	}
	if !bytes.Equal(plain, before) {
		t.Error("what was given to write has changed")
	}
	if other, err := NewCipher(&key.PublicKey); err != nil || other.key == c.key || other.iv == c.iv {
		t.Errorf("the next archive has the same key or vector: %v", err)
	}
}

func FuzzParseCipher(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 48))
	f.Add(make([]byte, 60))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := ParseCipher(b); err == nil && !bytes.Equal(c.Bytes(), b) {
			t.Errorf("% x became % x", b, c.Bytes())
		}
	})
}

func FuzzCertificate(f *testing.F) {
	key := rsaKey(f, 1024)
	f.Add(certificate(f, key.Public(), key))
	f.Add(base64.StdEncoding.EncodeToString([]byte(certificate(f, key.Public(), key))))
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := Certificate(text); err == nil {
			if _, err := NewCipher(key); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestBox(t *testing.T) {
	key, place := NewKey(), Place{Segment: 3, Offset: 77}
	box, err := NewBox(key, "streams/a")
	must(t, err)
	record := []byte("what was said")
	sealed := box.Seal([]byte("head"), record, place)
	if len(sealed) != 4+len(record)+Overhead || string(sealed[:4]) != "head" {
		t.Fatalf("sealed to %d bytes, head %q", len(sealed), sealed[:4])
	}
	if again := box.Seal(nil, record, place); bytes.Contains(again, sealed[4:20]) {
		t.Error("sealed twice in the same place with the same nonce")
	}
	if got, err := box.Open([]byte("x"), sealed[4:], place); err != nil || string(got) != "x"+string(record) {
		t.Errorf("opened to %q: %v", got, err)
	}
	other, err := NewBox(key, "streams/b")
	must(t, err)
	for name, open := range map[string]func() ([]byte, error){
		"elsewhere":       func() ([]byte, error) { return box.Open(nil, sealed[4:], Place{Segment: 3, Offset: 78}) },
		"another segment": func() ([]byte, error) { return box.Open(nil, sealed[4:], Place{Segment: 4, Offset: 77}) },
		"another log":     func() ([]byte, error) { return other.Open(nil, sealed[4:], place) },
	} {
		if _, err := open(); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed[4:] {
		bent := bytes.Clone(sealed[4:])
		bent[i] ^= 0x40
		if _, err := box.Open(nil, bent, place); !errors.Is(err, ErrForged) {
			t.Fatalf("byte %d bent: %v", i, err)
		}
		if _, err := box.Open(nil, sealed[4:4+i], place); !errors.Is(err, ErrForged) {
			t.Fatalf("cut to %d: %v", i, err)
		}
	}
}

func TestKeyfile(t *testing.T) {
	dir := t.TempDir()
	path, wrapped := filepath.Join(dir, "server.key"), filepath.Join(dir, "wrapped")
	secret := []byte("a secret")
	k := NewKeyfile(path)
	if _, err := k.Load(wrapped, "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a key file was made although nothing needs it")
	}
	must(t, k.Store(wrapped, "x", secret))
	for _, file := range []string{path, wrapped} {
		info, err := os.Stat(file)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v", file, info.Mode())
		}
	}
	if b, _ := os.ReadFile(wrapped); bytes.Contains(b, secret) {
		t.Error("the secret is on disk")
	}
	if got, err := NewKeyfile(path).Load(wrapped, "x"); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("the next process: %q, %v", got, err)
	}

	other := filepath.Join(dir, "other.key")
	must(t, NewKeyfile(other).Store(filepath.Join(dir, "else"), "x", secret))
	short := filepath.Join(dir, "short.key")
	must(t, os.WriteFile(short, []byte("abcd\n"), 0o600))
	for name, c := range map[string]struct {
		path, name, says string
	}{
		"missing file":   {filepath.Join(dir, "none.key"), "x", "none.key does not exist"},
		"another file":   {other, "x", "other.key does not open"},
		"not a key file": {short, "x", "must hold 32 bytes as 64 hexadecimal digits"},
		"another name":   {path, "y", "does not open"},
	} {
		_, err := NewKeyfile(c.path).Load(wrapped, c.name)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "key-file") || errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	whole, err := os.ReadFile(wrapped)
	must(t, err)
	for cut := range whole {
		must(t, os.WriteFile(wrapped, whole[:cut], 0o600))
		if _, err := k.Load(wrapped, "x"); err == nil {
			t.Fatalf("cut to %d bytes it opens", cut)
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	aead, err := newAEAD(make([]byte, KeySize))
	must(f, err)
	f.Add(aead.Seal([]byte(wrappedMagic), nil, []byte("secret"), []byte("x")))
	f.Add([]byte(wrappedMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		if secret, err := unwrap(aead, b, "x"); err == nil && string(secret) != "secret" {
			t.Errorf("% x opens to %q", b, secret)
		}
	})
}

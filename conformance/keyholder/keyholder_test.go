package keyholder

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strings"
	"testing"
)

// seal encrypts like the target: it returns the password and the encrypted file.
func seal(t *testing.T, h Holder, oaep hash.Hash, plain, file []byte) (password string, sealed []byte) {
	t.Helper()
	p, err := rsa.EncryptOAEP(oaep, rand.Reader, &h.key.PublicKey, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(plain[3:35])
	if err != nil {
		t.Fatal(err)
	}
	sealed = bytes.Clone(file)
	cipher.NewCBCEncrypter(block, plain[35:51]).CryptBlocks(sealed, sealed)
	return base64.StdEncoding.EncodeToString(p), sealed
}

func TestOpenAndDecrypt(t *testing.T) {
	h, err := New(2048)
	if err != nil {
		t.Fatal(err)
	}
	plain := append([]byte{1, 2, 3}, bytes.Repeat([]byte{7}, 48)...)
	file := bytes.Repeat([]byte("sixteen bytes !!"), 10000)
	password, sealed := seal(t, h, sha1.New(), plain, file)
	o, err := h.Open(password)
	if err != nil || o.Version != 1 || o.Algorithm != 2 || o.Mode != 3 {
		t.Fatalf("%+v: %v", o, err)
	}
	var got bytes.Buffer
	if err := o.Decrypt(&got, bytes.NewReader(sealed)); err != nil || !bytes.Equal(got.Bytes(), file) {
		t.Errorf("%d bytes: %v", got.Len(), err)
	}
	if err := o.Decrypt(&got, bytes.NewReader(sealed[:33])); err == nil || !strings.Contains(err.Error(), "within a block") {
		t.Errorf("cut: %v", err)
	}
	long, _ := seal(t, h, sha1.New(), append(plain, 0), file)
	other, _ := seal(t, h, sha256.New(), plain, file)
	for name, c := range map[string]struct{ password, says string }{
		"not base64": {"%", "not base64"}, "empty": {"", "does not decrypt"}, "SHA-256": {other, "does not decrypt"}, "long": {long, "holds 52 bytes"},
	} {
		if _, err := h.Open(c.password); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	h, err := New(1024)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, password string) {
		if o, err := h.Open(password); err == nil && len(o.key) != 32 {
			t.Error(o)
		}
	})
}

package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// Overhead is the number of bytes that sealing adds to a record: 96 bits of nonce and 128 bits of tag.
const Overhead = 12 + 16

// ErrForged is returned for a record that was not sealed with this key for this place.
var ErrForged = errors.New("record is not authentic")

// Place is the place of a record in a log. A record can be opened only at its place.
type Place struct {
	Segment int
	Offset  int64
}

func (p Place) bytes() []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(p.Segment)), uint64(p.Offset))
}

// Box seals the records of one log. It is safe for concurrent use.
type Box struct{ aead cipher.AEAD }

// NewBox returns the box for the log with this name. Each log has its own key, which is derived from key.
func NewBox(key []byte, log string) (*Box, error) {
	own, err := hkdf.Key(sha256.New, key, nil, "reelcheck log "+log, KeySize)
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(own)
	if err != nil {
		return nil, err
	}
	return &Box{aead}, nil
}

// Seal encrypts record and appends the result to dst. The two must not overlap.
func (b *Box) Seal(dst, record []byte, at Place) []byte {
	return b.aead.Seal(dst, nil, record, at.bytes()) // ARC-SEC-02
}

// Open decrypts sealed and appends the record to dst, or returns [ErrForged]. sealed and dst must not overlap.
func (b *Box) Open(dst, sealed []byte, at Place) ([]byte, error) {
	record, err := b.aead.Open(dst, nil, sealed, at.bytes())
	if err != nil {
		return nil, ErrForged
	}
	return record, nil
}

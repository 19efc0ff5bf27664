package segment

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
)

// TestEarlierSamples reads a sample as versions wrote it that did not store origins.
func TestEarlierSamples(t *testing.T) {
	plain, err := EncodeSample(frameAt(1))
	if err != nil {
		t.Fatal(err)
	}
	r, err := decode(plain[headerSize:], false)
	if err != nil || r.Origin != (av.Origin{}) || len(plain) != headerSize+sampleHead+len(frameAt(1).Data) {
		t.Errorf("%+v %v", r, err)
	}
}

func TestDamagedOrigins(t *testing.T) {
	sample := frameAt(1)
	sample.Captured, sample.Data = 1, nil
	b, err := EncodeSample(sample)
	if err != nil {
		t.Fatal(err)
	}
	report := EncodeReport(Video, 1, 2)
	for _, whole := range [][]byte{b[headerSize:], report[headerSize:]} {
		if _, err := decode(whole, false); err != nil {
			t.Fatal(err)
		}
		if _, err := decode(whole[:len(whole)-1], false); !errors.Is(err, errBody) {
			t.Errorf("cut off: %v", err)
		}
	}
}

func FuzzScan(f *testing.F) {
	sample, err := EncodeSample(frameAt(3))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(magic))
	f.Add(append([]byte(magic), sample...))
	f.Add(append(append([]byte(magic), EncodeMark(Audio, 7, false)...), encodeBare(End, nil)...))
	f.Add(append([]byte(magic), EncodeEvent([]byte(`{"kind":"stopped","archive":"a","at":1}`))...))
	key := make([]byte, seal.KeySize)
	f.Add(append([]byte(magicSealed), frame(boxFor(f, key).Seal(make([]byte, headerSize), sample[headerSize:], seal.Place{Segment: 1, Offset: firstRecord}))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, _, err := scan(bytes.NewReader(b), 1, boxFor(t, key), func(Record) error { return nil })
		var torn *TornError
		if err != nil && !errors.Is(err, seal.ErrForged) && (!errors.As(err, &torn) || torn.Offset != n) {
			t.Fatalf("%v at %d", err, n)
		}
		if n > int64(len(b)) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
	})
}

// TestTampered checks that a forged or moved record is not treated as a torn tail, even if its checksum is right.
func TestTampered(t *testing.T) {
	key := seal.NewKey()
	for name, tamper := range map[string]func(records [][]byte) [][]byte{
		"changed": func(r [][]byte) [][]byte { r[1][headerSize+20] ^= 1; return r },
		"swapped": func(r [][]byte) [][]byte { r[0], r[1] = r[1], r[0]; return r },
		"removed": func(r [][]byte) [][]byte { return r[1:] },
		"plain":   func(r [][]byte) [][]byte { r[0] = EncodeMark(Audio, 9, false); return r },
	} {
		t.Run(name, func(t *testing.T) {
			l := create(t, key)
			for i := range 3 {
				add(t, l, i)
			}
			if err := l.End(); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(path(l.dir, 1))
			if err != nil {
				t.Fatal(err)
			}
			out := []byte(magicSealed)
			for _, r := range tamper(records(t, b[firstRecord:])) {
				out = append(out, r...)
			}
			if err := os.WriteFile(path(l.dir, 1), resum(t, out), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Open(l.dir, boxFor(t, key), func(Record) error { return nil }, nil); !errors.Is(err, seal.ErrForged) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

// records splits a segment into its records.
func records(t *testing.T, b []byte) (list [][]byte) {
	t.Helper()
	for len(b) > 0 {
		n, _, err := parseHeader(b)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, bytes.Clone(b[:headerSize+n]))
		b = b[headerSize+n:]
	}
	return list
}

// resum recomputes the checksums of all records.
func resum(t *testing.T, b []byte) []byte {
	t.Helper()
	out := bytes.Clone(b[:firstRecord])
	for _, r := range records(t, b[firstRecord:]) {
		out = append(out, frame(r)...)
	}
	return out
}

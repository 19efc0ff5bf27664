package bitstream

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestAccessUnits(t *testing.T) {
	want := [][]byte{
		[]byte(delimiter + "\x10\x00\x00\x00\x01\x67abc"),
		[]byte(delimiter + "\x30"),
		append([]byte(delimiter+"\x30\x00\x00\x01\x65"), bytes.Repeat([]byte{0xab}, 3*readAtOnce)...),
		[]byte(delimiter + "\x30\x00\x00\x01\x41z"),
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(slices.Concat(want...)), "byte by byte": iotest.OneByteReader(bytes.NewReader(slices.Concat(want...))),
		"with the end": iotest.DataErrReader(bytes.NewReader(slices.Concat(want...))),
	} {
		in := NewAccessUnits(r)
		for i, unit := range want {
			if got, err := in.Next(); err != nil || !bytes.Equal(got, unit) {
				t.Fatalf("%s, unit %d: %d bytes, want %d: %v", name, i, len(got), len(unit), err)
			}
		}
		if _, err := in.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v at the end", name, err)
		}
	}
	if _, err := NewAccessUnits(iotest.ErrReader(io.ErrClosedPipe)).Next(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read error: %v", err)
	}
}

func FuzzAccessUnits(f *testing.F) {
	f.Add([]byte(delimiter + "a" + delimiter))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := NewAccessUnits(bytes.NewReader(b))
		var all []byte
		for {
			unit, err := in.Next()
			if err != nil {
				break
			}
			all = append(all, unit...)
		}
		if !bytes.Equal(all, b) {
			t.Fatalf("% x came out as % x", b, all)
		}
	})
}

func TestADTS(t *testing.T) {
	frame := func(protected bool, data string) []byte {
		size, head := len(data)+7, []byte{0xff, 0xf1, 0x4c, 0x40, 0, 0, 0xfc}
		if protected {
			head[1] = 0xf0
			data = "\x12\x34" + data
			size += 2
		}
		head[3] |= byte(size >> 11)
		head[4], head[5] = byte(size>>3), byte(size<<5)|0x1f
		return append(head, data...)
	}
	in := NewADTS(bytes.NewReader(slices.Concat(frame(false, "one"), frame(true, "two"), frame(false, strings.Repeat("x", 3000)))))
	for _, want := range []string{"one", "two", strings.Repeat("x", 3000)} {
		if got, err := in.Next(); err != nil || string(got) != want {
			t.Fatalf("%q: %v", got, err)
		}
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for name, b := range map[string][]byte{"not ADTS": []byte("0123456789"), "cut": frame(false, "one")[:8], "length 0": {0xff, 0xf1, 0, 0, 0, 0, 0}} {
		if _, err := NewADTS(bytes.NewReader(b)).Next(); err == nil || errors.Is(err, io.EOF) && name != "cut" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzADTS(f *testing.F) {
	f.Add([]byte{0xff, 0xf1, 0x4c, 0x40, 1, 0x1f, 0xfc, 1})
	f.Fuzz(func(_ *testing.T, b []byte) {
		in := NewADTS(bytes.NewReader(b))
		for {
			if _, err := in.Next(); err != nil {
				return
			}
		}
	})
}

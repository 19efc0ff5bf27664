package decoding

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

func TestTick(t *testing.T) {
	for _, sample := range []int64{1, 2, 1 << 40} {
		for part := range 9 {
			if tick := Tick(sample, part, false); Sample(tick) != sample || Shown(tick) {
				t.Errorf("part %d of sample %d became %d", part, sample, tick)
			}
		}
		if tick := Tick(sample, 3, true); Sample(tick) != sample || !Shown(tick) {
			t.Errorf("sample %d became %d", sample, tick)
		}
	}
}

func TestFrames(t *testing.T) {
	b := AppendHeader(nil, "VP80")
	want := [][]byte{{1}, {}, bytes.Repeat([]byte{7}, 5000), {2, 3}}
	for i, data := range want {
		b = AppendFrame(b, int64(i)-1, data)
	}
	f, err := NewFrames(bytes.NewReader(b))
	if err != nil || f.FourCC != "VP80" {
		t.Fatal(f, err)
	}
	for i, data := range want {
		if tick, got, err := f.Next(); err != nil || tick != int64(i)-1 || !bytes.Equal(got, data) {
			t.Errorf("frame %d: tick %d, %d bytes, %v", i, tick, len(got), err)
		}
	}
	if _, _, err := f.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for _, n := range []int{len(b) - 1, len(b) - 5} {
		f, err := NewFrames(bytes.NewReader(b[:n]))
		for err == nil {
			_, _, err = f.Next()
		}
		if errors.Is(err, io.EOF) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(AppendFrame(AppendHeader(nil, "VP90"), 31, []byte("frame")))
	f.Add(append(AppendHeader(nil, "H264"), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		frames, err := NewFrames(bytes.NewReader(b))
		if err != nil {
			return
		}
		again := slices.Clone(b[:headerSize])
		for {
			tick, data, err := frames.Next()
			if err != nil {
				break
			}
			again = AppendFrame(again, tick, data)
		}
		if !bytes.HasPrefix(b, again) {
			t.Errorf("% x was read as % x", b, again)
		}
	})
}

func TestNotice(t *testing.T) {
	want := []Notice{{Tick: 31, Slot: 8}, {Tick: -1, Slot: 255}}
	var b []byte
	for _, n := range want {
		b = n.Append(b)
	}
	r := bytes.NewReader(b)
	for _, n := range want {
		if got, err := ReadNotice(r); err != nil || got != n {
			t.Errorf("%v became %v, %v", n, got, err)
		}
	}
	if _, err := ReadNotice(r); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// TestRaster checks that no two slots, planes or lines share a byte.
func TestRaster(t *testing.T) {
	for _, l := range []Raster{Padded(2, 2), Padded(162, 122), Padded(640, 480), Packed(162, 122)} {
		memory := make([]byte, 3*l.Size())
		for n := range 3 {
			for i, plane := range l.Planes(l.Slot(memory, n)) {
				width, height := l.Width, l.Height
				if i > 0 {
					width, height = width/2, height/2
				}
				for y := range height {
					for x := range width {
						if at := &plane[y*l.Strides[i]+x]; *at == 0 {
							*at = 1
						} else {
							t.Fatalf("%v: slot %d, plane %d, line %d, pixel %d is another's", l, n, i, y, x)
						}
					}
				}
			}
		}
	}
}

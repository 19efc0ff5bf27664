package av

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTicksRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int64{48000, 90000}).Draw(t, "rate")
		ticks := rapid.Int64Range(-(1<<40), 1<<40).Draw(t, "ticks")
		d := Duration(ticks, rate)
		exact := float64(ticks) / float64(rate) * 1e9
		if math.Abs(float64(d)-exact) > math.Abs(exact)/1e12+2 {
			t.Fatalf("Duration(%d, %d) = %v, want about %v ns", ticks, rate, d, exact)
		}
		if got := Ticks(d+1, rate); got != ticks { // Duration rounds down by less than 1 ns
			t.Fatalf("Ticks(Duration(%d)+1) = %d", ticks, got)
		}
	})
}

func TestOpusDuration(t *testing.T) {
	tests := []struct {
		name   string
		packet []byte
		want   time.Duration
		bad    bool
	}{
		{"silk 10 ms", []byte{0 << 3}, 10 * time.Millisecond, false},
		{"silk 60 ms", []byte{11 << 3}, 60 * time.Millisecond, false},
		{"hybrid 20 ms", []byte{15 << 3}, 20 * time.Millisecond, false},
		{"celt 2.5 ms", []byte{16 << 3}, 2500 * time.Microsecond, false},
		{"celt fullband 20 ms", []byte{31 << 3}, 20 * time.Millisecond, false},
		{"two frames", []byte{31<<3 | 1}, 40 * time.Millisecond, false},
		{"two frames of different size", []byte{31<<3 | 2, 1}, 40 * time.Millisecond, false},
		{"three frames", []byte{31<<3 | 3, 3}, 60 * time.Millisecond, false},
		{"padded single frame", []byte{31<<3 | 3, 1 | 0x40}, 20 * time.Millisecond, false},
		{"empty", nil, 0, true},
		{"count missing", []byte{31<<3 | 3}, 0, true},
		{"no frame", []byte{31<<3 | 3, 0}, 0, true},
		{"longer than 120 ms", []byte{31<<3 | 3, 7}, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := OpusDuration(tt.packet)
			if got != tt.want || (err != nil) != tt.bad {
				t.Fatalf("got %v, %v; want %v, error %v", got, err, tt.want, tt.bad)
			}
		})
	}
}

func TestNALs(t *testing.T) {
	want := [][]byte{{0x67, 1, 2}, {0x68, 3}, {0x65, 0, 0, 2, 9}}
	var unit []byte
	for _, nal := range want {
		unit = AppendNAL(unit, nal)
	}
	if got := slices.Collect(NALs(unit)); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Fatalf("four-byte start codes: got % x", got)
	}
	short := []byte{0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 0, 0, 2, 9, 0, 0}
	if got := slices.Collect(NALs(short)); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Fatalf("mixed start codes and trailing zeros: got % x", got)
	}
	if got := slices.Collect(NALs([]byte{1, 2, 3})); len(got) != 0 {
		t.Fatalf("no start code: got % x", got)
	}
}

func FuzzNALs(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0x67, 0, 0, 0, 1, 0x68})
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		total := 0
		for nal := range NALs(b) {
			if bytes.Contains(nal, []byte{0, 0, 1}) {
				t.Fatalf("% x contains a start code", nal)
			}
			total += len(nal)
		}
		if total > len(b) {
			t.Fatalf("%d bytes out of %d", total, len(b))
		}
	})
}

func TestKeyFrames(t *testing.T) {
	vp8 := []byte{0x50, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x41}
	if w, h, key := VP8Key(vp8); w != 640 || h != 480 || !key {
		t.Fatalf("VP8 key frame: %dx%d %v", w, h, key)
	}
	vp8[0] |= 1
	if _, _, key := VP8Key(vp8); key {
		t.Fatal("VP8 interframe taken for a key frame")
	}
	for _, tt := range []struct {
		name string
		b    byte
		want bool
	}{
		{"profile 0 key", 0b10_00_0_0_10, true},
		{"profile 0 inter", 0b10_00_0_1_10, false},
		{"show existing", 0b10_00_1_0_00, false},
		{"profile 3 key", 0b10_11_0_0_0_1, true},
		{"profile 3 inter", 0b10_11_0_0_1_1, false},
		{"wrong marker", 0b01_00_0_0_10, false},
	} {
		if got := VP9Key([]byte{tt.b}); got != tt.want {
			t.Errorf("VP9 %s: got %v", tt.name, got)
		}
	}
}

func TestVP9Superframes(t *testing.T) {
	for _, sizes := range [][]int{{1}, {3, 5}, {300, 20, 70000}, {1, 2, 3, 4, 5, 6, 7, 8}, {1 << 24, 1}} {
		var frames [][]byte
		for i, n := range sizes {
			frames = append(frames, bytes.Repeat([]byte{byte(i + 1)}, n))
		}
		if got := VP9Frames(VP9Superframe(frames)); !slices.EqualFunc(got, frames, bytes.Equal) {
			t.Errorf("%v came back as %d frames", sizes, len(got))
		}
	}
	if VP9Superframe(nil) != nil || VP9Superframe(make([][]byte, 9)) != nil {
		t.Error("no frames, or nine, were packed")
	}
	// As libvpx packs a hidden frame of 2 bytes and a shown one of 1 byte.
	if got := VP9Frames([]byte{0x84, 1, 0x86, 0xc1, 2, 1, 0xc1}); len(got) != 2 || VP9Shown(got[0]) || !VP9Shown(got[1]) {
		t.Errorf("% x", got)
	}
	if !VP9Shown([]byte{0x88}) || VP9Shown(nil) || !VP9Shown([]byte{0b10_11_0_0_0_1}) {
		t.Error("wrong about what is shown")
	}
}

func FuzzVP9Frames(f *testing.F) {
	f.Add([]byte{0x84, 1, 0x86, 0xc1, 2, 1, 0xc1})
	f.Add([]byte{0xdf})
	f.Add([]byte{0xc1, 0, 0, 0xc1})
	f.Fuzz(func(t *testing.T, b []byte) {
		total, frames := 0, VP9Frames(b)
		for _, frame := range frames {
			total += len(frame)
		}
		if total > len(b) || len(frames) == 0 {
			t.Fatalf("%d frames of %d bytes out of %d", len(frames), total, len(b))
		}
	})
}

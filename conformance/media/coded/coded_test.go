package coded

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"reelcheck/fixtures"
)

func TestLookReadsEveryFixture(t *testing.T) {
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m.Videos {
		frames, err := v.Frames()
		if err != nil {
			t.Fatal(err)
		}
		l, err := LoopOf(m, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if l.Codec != v.Codec || len(l.Sums) != v.Count {
			t.Errorf("%s: %d units of %s", v.ID, len(l.Sums), l.Codec)
		}
		for i, f := range frames {
			p := l.Units[i]
			part := v.Parts[slices.IndexFunc(v.Parts, func(p fixtures.Part) bool { return i >= p.From && i < p.To })]
			if p.Key != f.Key || f.Key && (p.Width != part.Width || p.Height != part.Height) {
				t.Fatalf("%s: frame %d is %+v, want key %v and %dx%d", v.ID, i, p, f.Key, part.Width, part.Height)
			}
			if places := l.Places(l.Sum(int64(i + v.Count))); !slices.Equal(places, []int{i}) {
				t.Fatalf("%s: frame %d is at %v", v.ID, i, places)
			}
		}
	}
	tone, err := LoopOf(m, "tone-01")
	if err != nil || len(tone.Sums) != 500 || tone.Codec != Opus {
		t.Errorf("tone-01: %v, %+v", err, tone)
	}
	if _, err := LoopOf(m, "tone-52"); err == nil {
		t.Error("a fixture that is not there was named")
	}
}

// TestSumsOfH264DoNotRestOnTheContainer checks that a picture has the same name with start codes and with length
// prefixes, wherever its parameter sets are.
func TestSumsOfH264DoNotRestOnTheContainer(t *testing.T) {
	sps, pps, idr, more := []byte{0x67, 1, 2}, []byte{0x68, 3}, []byte{0x65, 0, 0, 3, 4}, []byte{0x65, 5}
	annexB := func(nals ...[]byte) (b []byte) {
		for i, n := range nals {
			b = append(b, []byte{0, 0, 0, 1}[i%2:]...)
			b = append(b, n...)
		}
		return append(b, 0, 0)
	}
	want := Sum(H264, annexB(sps, pps, idr, more))
	for name, b := range map[string][]byte{
		"no parameter sets": annexB(idr, more), "a delimiter": annexB([]byte{9, 0xf0}, sps, idr, more), "filler": annexB(idr, more, []byte{12, 0xff, 0x80}),
	} {
		if got := Sum(H264, b); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for _, length := range []int{1, 2, 3, 4} {
		var b []byte
		for _, n := range [][]byte{sps, idr, more} {
			b = append(b, binary.BigEndian.AppendUint32(nil, uint32(len(n)))[4-length:]...)
			b = append(b, n...)
		}
		nals, err := Prefixed(b, length)
		if err != nil || SumNALs(nals) != want {
			t.Errorf("prefixes of %d bytes: %s, %v; want %s", length, SumNALs(nals), err, want)
		}
	}
	for name, b := range map[string][]byte{
		"another picture": annexB(idr, []byte{0x65, 6}), "one unit of two": annexB(idr), "units joined": annexB(slices.Concat(idr, more)), "units swapped": annexB(more, idr),
	} {
		if Sum(H264, b) == want {
			t.Errorf("%s has the same name", name)
		}
	}
	for _, b := range [][]byte{{0, 0, 0, 9, 1}, {0, 0, 1}} {
		if _, err := Prefixed(b, 4); err == nil {
			t.Errorf("% X was split", b)
		}
	}
}

func TestConfig(t *testing.T) {
	whole := []byte{1, 66, 0xe0, 31, 0xff, 0xe1, 0, 2, 0x67, 1, 1, 0, 1, 0x68}
	c, err := ParseConfig(whole)
	if err != nil || c.Length != 4 || len(c.Sets) != 2 || !bytes.Equal(c.Sets[0], []byte{0x67, 1}) || !bytes.Equal(c.Sets[1], []byte{0x68}) {
		t.Errorf("%+v, %v", c, err)
	}
	for n := range whole {
		if _, err := ParseConfig(whole[:n]); err == nil {
			t.Errorf("%d bytes of %d were taken for a configuration", n, len(whole))
		}
	}
}

func TestLookRefusesWhatIsNone(t *testing.T) {
	for codec, frames := range map[string][][]byte{
		VP8:  {nil, {0, 0}, {0x10, 0, 0, 1, 2, 3, 4, 5, 6, 7}},
		VP9:  {nil, {0x00}, {0x82, 1, 2, 3, 4, 5, 6, 7, 8}, {0x82, 0x49, 0x83, 0x42}},
		H264: {nil, {1, 2, 3}, {0, 0, 1}},
		Opus: {nil},
	} {
		for _, b := range frames {
			if p, ok := Look(codec, b); ok {
				t.Errorf("% X is taken for %s: %+v", b, codec, p)
			}
		}
	}
}

func TestLastsOfOpus(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		packet []byte
		want   time.Duration
	}{
		{nil, 0}, {[]byte{31 << 3}, 20 * ms}, {[]byte{31<<3 | 1}, 40 * ms}, {[]byte{31<<3 | 2}, 40 * ms}, {[]byte{31<<3 | 3}, 0}, {[]byte{31<<3 | 3, 3}, 60 * ms},
		{[]byte{31<<3 | 3, 7}, 0}, {[]byte{3 << 3}, 60 * ms}, {[]byte{12 << 3}, 10 * ms}, {[]byte{15 << 3}, 20 * ms}, {[]byte{16 << 3}, 2500 * time.Microsecond}, {[]byte{0}, 10 * ms},
	} {
		if got := Lasts(c.packet); got != c.want {
			t.Errorf("% X lasts %v, want %v", c.packet, got, c.want)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0xe0, 1})
	f.Add([]byte{0x82, 0x49, 0x83, 0x42, 0, 0x27, 0xf0, 0x1d, 0xf0})
	f.Add([]byte("\x00\x00\x01\x67\x42\xc0\x1f\xd9\x80\xa0\x3d\xa1\x00\x00\x03\x00\x01\x00\x00\x03\x00\x3c\x0f\x18\x32\x60\x00\x00\x01\x65\x88"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, codec := range []string{VP8, VP9, H264, Opus} {
			if p, _ := Look(codec, b); p.Width < 0 || p.Height < 0 || p.Width > 1<<16 || p.Height > 1<<16 {
				t.Errorf("%s of %dx%d", codec, p.Width, p.Height)
			}
			Sum(codec, b)
		}
		for length := range 6 {
			nals, _ := Prefixed(b, length)
			LookNALs(nals)
			SumNALs(nals)
		}
		_, _ = ParseConfig(b)
		Lasts(b)
	})
}

package ts

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts"

	"reelcheck/reference/internal/mux"
)

func unit(nals ...string) mux.Sample {
	var s mux.Sample
	for _, n := range nals {
		s.Data = append(binary.BigEndian.AppendUint32(s.Data, uint32(len(n))), n...)
	}
	return s
}

func tracks() (video, audio *mux.Track) {
	return &mux.Track{Timescale: 90000, SampleDuration: 3600},
		&mux.Track{Timescale: 48000, SampleDuration: 1024, Skip: 1024, Channels: 1}
}

// TestChunksInAnyOrder: what comes out depends on the samples, not on the chunks they came in.
func TestChunksInAnyOrder(t *testing.T) {
	var pictures, sounds []mux.Sample
	for i := range 50 {
		pictures = append(pictures, unit("\x67sps", "\x68pps", "\x65picture "+string(rune('a'+i))))
	}
	for i := range 94 {
		sounds = append(sounds, mux.Sample{Data: bytes.Repeat([]byte{byte(i)}, 300)})
	}
	var first []byte
	for _, size := range []int{1, 7, 25, 1000} {
		var b bytes.Buffer
		video, audio := tracks()
		w, err := NewWriter(&b, video, audio)
		if err != nil {
			t.Fatal(err)
		}
		p, s := pictures, sounds
		for len(p)+len(s) > 0 {
			n, m := min(size, len(p)), min(2*size, len(s))
			if err := errors.Join(w.Chunk(video, p[:n]), w.Chunk(audio, s[:m])); err != nil {
				t.Fatal(err)
			}
			p, s = p[n:], s[m:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if w.Size() != int64(b.Len()) || b.Len()%752 != 0 {
			t.Errorf("%d bytes, size says %d", b.Len(), w.Size())
		}
		if first == nil {
			first = b.Bytes()
		}
		if !bytes.Equal(first, b.Bytes()) {
			t.Errorf("in chunks of %d it is another stream", size)
		}
	}
	expect(t, first, 50, 94)
}

// expect reads a stream with the library's reader, an independent half of it.
func expect(t *testing.T, stream []byte, pictures, sounds int) {
	t.Helper()
	r := &mpegts.Reader{R: bytes.NewReader(stream)}
	if err := r.Initialize(); err != nil {
		t.Fatal(err)
	}
	if len(r.Tracks()) != 2 {
		t.Fatalf("%d tracks", len(r.Tracks()))
	}
	seen, heard := 0, 0
	r.OnDataH264(r.Tracks()[0], func(pts, dts int64, au [][]byte) error {
		if want := int64(begin + seen*3600); pts != want || dts != want || len(au) != 3 || string(au[2]) != "\x65picture "+string(rune('a'+seen)) {
			t.Errorf("picture %d at %d, %d: %q", seen, pts, dts, au)
		}
		seen++
		return nil
	})
	r.OnDataMPEG4Audio(r.Tracks()[1], func(pts int64, aus [][]byte) error {
		if want := int64(begin - 1920 + heard*1920); pts != want || len(aus) != 1 || aus[0][0] != byte(heard) {
			t.Errorf("sound %d at %d", heard, pts)
		}
		heard++
		return nil
	})
	for {
		if err := r.Read(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if seen != pictures || heard != sounds {
		t.Errorf("%d pictures, %d sounds", seen, heard)
	}
}

func TestNotNALUnits(t *testing.T) {
	video, _ := tracks()
	w, err := NewWriter(io.Discard, video)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "\x00\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x05abc", "\xff\xff\xff\xffabc"} {
		if w.Chunk(video, []mux.Sample{{Data: []byte(bad)}}) == nil {
			t.Errorf("%q was written", bad)
		}
		w.tracks[0].waiting = nil
	}
}

package mp4

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux"
)

var (
	sps = []byte{0x67, 0x42, 0xc0, 0x1f, 0xda, 0x02, 0x80, 0xf6, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x60, 0xca, 0x80}
	pps = []byte{0x68, 0xce, 0x07, 0xf2}
)

func tracks() (video, audio *mux.Track) {
	video = &mux.Track{Timescale: 90000, SampleDuration: 3600, Sets: av.ParameterSets{SPS: [][]byte{sps}, PPS: [][]byte{pps}}}
	audio = &mux.Track{Timescale: 48000, SampleDuration: 1024, Skip: 1024, Channels: 1, Bitrate: 128000}
	return video, audio
}

func sample(i int) mux.Sample {
	return mux.Sample{Data: bytes.Repeat([]byte{byte(i)}, i+1), Key: i%10 == 0}
}

// grown writes five pictures and nine frames of sound, each in two chunks.
func grown(t *testing.T) (head, media []byte) {
	t.Helper()
	video, audio := tracks()
	var b bytes.Buffer
	w := NewWriter(&b, video, audio)
	err := errors.Join(
		w.Chunk(video, []mux.Sample{sample(0), sample(1), sample(2)}), w.Chunk(audio, []mux.Sample{sample(20), sample(21), sample(22), sample(23)}),
		w.Chunk(video, []mux.Sample{sample(3), sample(4)}), w.Chunk(audio, nil), w.Chunk(audio, []mux.Sample{sample(24), sample(25), sample(26), sample(27), sample(28)}))
	if err != nil {
		t.Fatal(err)
	}
	head, err = w.Head(200 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if w.Size() != int64(b.Len()) {
		t.Fatalf("size %d, wrote %d", w.Size(), b.Len())
	}
	return head, b.Bytes()
}

func TestFileReadsBack(t *testing.T) {
	head, media := grown(t)
	again, _ := grown(t)
	if !bytes.Equal(head, again) {
		t.Error("the same samples gave another head")
	}
	whole := append(bytes.Clone(head), media...)
	f, err := mp4.DecodeFile(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, b := range f.Children {
		order = append(order, b.Type())
	}
	if len(order) != 3 || order[0] != "ftyp" || order[1] != "moov" || order[2] != "mdat" {
		t.Fatalf("boxes %v", order)
	}
	for i, want := range [][]int{{0, 1, 2, 3, 4}, {20, 21, 22, 23, 24, 25, 26, 27, 28}} {
		trak := f.Moov.Traks[i]
		stbl := trak.Mdia.Minf.Stbl
		if int(stbl.Stsz.SampleNumber) != len(want) {
			t.Fatalf("track %d has %d samples", i, stbl.Stsz.SampleNumber)
		}
		for n, id := range want {
			chunk, first, err := stbl.Stsc.ChunkNrFromSampleNr(n + 1)
			if err != nil {
				t.Fatal(err)
			}
			at := uint64(stbl.Stco.ChunkOffset[chunk-1])
			for k := first; k < n+1; k++ {
				at += uint64(stbl.Stsz.SampleSize[k-1])
			}
			if got := whole[at : at+uint64(stbl.Stsz.SampleSize[n])]; !bytes.Equal(got, sample(id).Data) {
				t.Errorf("track %d sample %d: % x", i, n, got)
			}
		}
		if trak.Tkhd.Duration != writerTimescale/5 || trak.Edts.Elst[0].Entries[0].MediaTime != []int64{0, 1024}[i] {
			t.Errorf("track %d: duration %d, edit %+v", i, trak.Tkhd.Duration, trak.Edts.Elst[0].Entries)
		}
	}
	if keys := f.Moov.Traks[0].Mdia.Minf.Stbl.Stss.SampleNumber; len(keys) != 1 || keys[0] != 1 {
		t.Errorf("key frames %v", keys)
	}
}

// TestHeadIsTheSame compares with recorded bytes. A change of these bytes changes files that were composed before, and
// their checksums.
func TestHeadIsTheSame(t *testing.T) {
	const want = "a86c896ce921c2e1829bcdb6715980c981131e21e30b4c991a6e49cdc4d913af"
	if head, _ := grown(t); fmt.Sprintf("%x", sha256.Sum256(head)) != want {
		t.Errorf("another head: % x", head)
	}
}

type nothing struct{}

func (nothing) Write(b []byte) (int, error) { return len(b), nil }

// TestLargeFile writes more than 4 GiB to a writer that discards them.
func TestLargeFile(t *testing.T) {
	video, _ := tracks()
	w := NewWriter(nothing{}, video)
	s := mux.Sample{Data: make([]byte, 64<<20)}
	for range 65 {
		if err := w.Chunk(video, []mux.Sample{s}); err != nil {
			t.Fatal(err)
		}
	}
	head, err := w.Head(200 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	tail := head[len(head)-16:]
	if string(tail[4:8]) != "mdat" || binary.BigEndian.Uint64(tail[8:]) != 65*64<<20+16 {
		t.Errorf("media data header % x", tail)
	}
	box, err := mp4.DecodeBox(32, bytes.NewReader(head[32:]))
	if err != nil {
		t.Fatal(err)
	}
	co64 := box.(*mp4.MoovBox).Traks[0].Mdia.Minf.Stbl.Co64
	if co64 == nil || co64.ChunkOffset[64] != uint64(len(head))+64*64<<20 {
		t.Errorf("offsets %+v, head of %d bytes", co64, len(head))
	}
}

func TestTrackWithoutDescription(t *testing.T) {
	if _, err := NewWriter(nothing{}, &mux.Track{Timescale: 1}).Head(0); err == nil {
		t.Error("a track that is neither video nor audio was written")
	}
}

func TestWriteError(t *testing.T) {
	video, _ := tracks()
	w := NewWriter(io.Discard, video)
	full := errors.New("disk full")
	w.media = failing{full}
	if err := w.Chunk(video, []mux.Sample{sample(1)}); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

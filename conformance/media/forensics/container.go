package forensics

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/conformance/media"
)

// facts are what decoding needs from the container.
type facts struct {
	times []float64 // presentation time of each picture, ascending
	end   float64
}

// shown returns the stretch of time in which picture i is shown. Pictures after the last known sample have no length.
func (f facts) shown(i int) (from, to float64) {
	switch {
	case i+1 < len(f.times):
		return f.times[i], f.times[i+1]
	case i+1 == len(f.times):
		return f.times[i], f.end
	default:
		return f.end, f.end
	}
}

const (
	maxMoov   = 512 << 20
	maxSample = 64 << 20
)

// inspect reads the container and bitstream headers. It accepts any bytes.
func inspect(f io.ReaderAt, size int64) (r media.Report, fa facts) {
	r.Size = size
	if size == 0 {
		note(&r, media.Empty, "the file has 0 bytes")
		return r, fa
	}
	// mp4ff is fuzzed but still has index panics on hostile tables. A file that triggers one counts as broken, and the
	// run goes on.
	defer func() {
		if p := recover(); p != nil {
			note(&r, media.Broken, "parser stopped: %v", p)
		}
	}()
	boxes, err := topLevel(f, size)
	r.Boxes = boxes
	if err != nil {
		note(&r, media.Broken, "%v", err)
	}
	moov, err := moovOf(&r, f)
	if err != nil {
		note(&r, media.Broken, "%v", err)
		return r, fa
	}
	r.Fragmented = moov.Mvex != nil
	var moofs []*mp4.MoofBox
	if r.Fragmented {
		if moofs, err = fragments(f, r.Boxes); err != nil {
			note(&r, media.Broken, "%v", err)
		}
	}
	if moov.Mvhd != nil && moov.Mvhd.Timescale > 0 {
		r.Duration = float64(moov.Mvhd.Duration) / float64(moov.Mvhd.Timescale)
	}
	for _, trak := range moov.Traks {
		if err := readTrack(&r, f, moov, moofs, trak, &fa); err != nil {
			note(&r, media.Broken, "%v", err)
		}
	}
	if r.Fragmented { // the movie header need not know how long the fragments are
		r.Duration = max(r.Duration, r.Lasts())
	}
	if r.Video == nil {
		note(&r, media.NoVideo, "no video track that can be read")
	}
	if r.Audio == nil {
		note(&r, media.NoAudio, "no audio track that can be read")
	}
	return r, fa
}

// maxBoxes is more than a file of twelve hours has with two fragments a second.
const maxBoxes = 200_000

// topLevel returns the boxes of the file by their headers.
func topLevel(f io.ReaderAt, size int64) ([]media.Box, error) {
	var out []media.Box
	for at := int64(0); at < size; {
		var h [16]byte
		n, err := f.ReadAt(h[:], at)
		if n < 8 {
			return out, fmt.Errorf("box header cut at byte %d: %w", at, cmpErr(err))
		}
		b := media.Box{Type: printable(h[4:8]), Offset: at, Size: int64(binary.BigEndian.Uint32(h[:]))}
		least := int64(8)
		switch b.Size {
		case 0:
			b.Size = size - at
		case 1:
			least = 16
			b.Size = int64(binary.BigEndian.Uint64(h[8:]))
			if n < 16 {
				return out, fmt.Errorf("box header cut at byte %d", at)
			}
		}
		if b.Size < least || b.Size > size-at {
			return out, fmt.Errorf("box %q at byte %d has %d bytes, the file has %d left", b.Type, at, b.Size, size-at)
		}
		if len(out) == maxBoxes {
			return out, fmt.Errorf("more than %d boxes at top level", len(out))
		}
		out = append(out, b)
		at += b.Size
	}
	return out, nil
}

func cmpErr(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func printable(b []byte) string {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return fmt.Sprintf("0x%x", b)
		}
	}
	return string(b)
}

// moovOf decodes ftyp and moov and notes their order.
func moovOf(r *media.Report, f io.ReaderAt) (*mp4.MoovBox, error) {
	index := func(kind string) int {
		return slices.IndexFunc(r.Boxes, func(b media.Box) bool { return b.Type == kind })
	}
	if i := index("ftyp"); i != 0 {
		note(r, media.Broken, "the file does not begin with ftyp")
	} else {
		var brand [4]byte
		if _, err := f.ReadAt(brand[:], 8); err == nil {
			r.Brand = printable(brand[:])
		}
	}
	i, mdat := index("moov"), index("mdat")
	if i < 0 {
		return nil, errors.New("no moov box")
	}
	r.MoovFirst = mdat < 0 || i < mdat
	box := r.Boxes[i]
	if box.Size > maxMoov {
		return nil, fmt.Errorf("moov has %d bytes", box.Size)
	}
	b := make([]byte, box.Size)
	if _, err := f.ReadAt(b, box.Offset); err != nil {
		return nil, fmt.Errorf("read moov: %w", err)
	}
	decoded, err := mp4.DecodeBox(uint64(box.Offset), bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("moov: %w", err)
	}
	moov, ok := decoded.(*mp4.MoovBox)
	if !ok {
		return nil, fmt.Errorf("moov decodes as %T", decoded)
	}
	return moov, nil
}

// readTrack describes one track. Only the first of each kind is read in full.
func readTrack(r *media.Report, f io.ReaderAt, moov *mp4.MoovBox, moofs []*mp4.MoofBox, trak *mp4.TrakBox, fa *facts) error {
	m := trak.Mdia
	if m == nil || m.Hdlr == nil || m.Mdhd == nil || m.Minf == nil || m.Minf.Stbl == nil || m.Minf.Stbl.Stsd == nil {
		return fmt.Errorf("track %d: a mandatory box is missing", len(r.Tracks)+1)
	}
	kind := m.Hdlr.HandlerType
	r.Tracks = append(r.Tracks, printable([]byte(kind)))
	if (kind != "vide" || r.Video != nil) && (kind != "soun" || r.Audio != nil) {
		return nil
	}
	if m.Mdhd.Timescale == 0 {
		return fmt.Errorf("%s track: timescale 0", kind)
	}
	samples, err := allSamples(moov, moofs, trak, r.Size)
	if err != nil {
		return fmt.Errorf("%s track: %w", kind, err)
	}
	t := media.Track{Timescale: int(m.Mdhd.Timescale), Samples: len(samples)}
	var ticks int64
	for _, s := range samples {
		t.Bytes += int64(s.size)
		ticks += int64(s.duration)
	}
	t.Duration = float64(ticks) / float64(t.Timescale)
	if t.Duration > 0 {
		t.Bitrate = int(float64(t.Bytes) * 8 / t.Duration)
	}
	shift := editShift(moov, trak, t.Timescale)
	if len(samples) > 0 {
		first := slices.MinFunc(samples, func(a, b sample) int { return int(a.composed - b.composed) })
		t.Start = millis(float64(first.composed)/float64(t.Timescale) + shift)
	}
	if kind == "vide" {
		fa.take(samples, t.Timescale, shift)
		err := readVideo(r, f, m.Minf.Stbl, t, samples)
		if trak.Tkhd != nil && r.Video != nil {
			shownAs(r.Video, trak.Tkhd)
		}
		return err
	}
	return readAudio(r, m.Minf.Stbl, t)
}

// allSamples returns the samples of a track, those that moov lists and those of fragments.
func allSamples(moov *mp4.MoovBox, moofs []*mp4.MoofBox, trak *mp4.TrakBox, fileSize int64) ([]sample, error) {
	samples, err := sampleTable(trak.Mdia.Minf.Stbl, fileSize)
	if err != nil || len(moofs) == 0 || trak.Tkhd == nil {
		return samples, err
	}
	end := int64(0)
	for _, s := range samples {
		end += int64(s.duration)
	}
	further, err := fragmentSamples(moofs, moov.Mvex, trak.Tkhd.TrackID, end, fileSize)
	return append(samples, further...), err
}

// editShift returns what the edit list adds to composition times: empty edits delay them, and the media time of the
// first other edit is cut off.
func editShift(moov *mp4.MoovBox, trak *mp4.TrakBox, timescale int) float64 {
	if trak.Edts == nil || moov.Mvhd == nil || moov.Mvhd.Timescale == 0 {
		return 0
	}
	shift := 0.0
	for _, elst := range trak.Edts.Elst {
		for _, e := range elst.Entries {
			if e.MediaTime >= 0 {
				return shift - float64(e.MediaTime)/float64(timescale)
			}
			shift += float64(e.SegmentDuration) / float64(moov.Mvhd.Timescale)
		}
	}
	return shift
}

func (f *facts) take(samples []sample, timescale int, shift float64) {
	for _, s := range samples {
		at := float64(s.composed)/float64(timescale) + shift
		f.times = append(f.times, at)
		f.end = max(f.end, at+float64(s.duration)/float64(timescale))
	}
	slices.Sort(f.times)
}

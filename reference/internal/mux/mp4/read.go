package mp4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/reference/internal/mux/movie"
)

// maxMoov bounds the description of a file: that of days of media is smaller.
const maxMoov = 256 << 20

// maxRate is the highest frame rate.
const maxRate = 300

// Input is an open file.
type Input struct {
	*movie.Movie
	file *os.File
}

// Close closes the file.
func (in *Input) Close() error { return in.file.Close() }

// Open opens a file for reading.
func Open(path string) (*Input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file")
	}
	var m *movie.Movie
	if err == nil {
		m, err = Parse(f, info.Size())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	m.Name = path
	return &Input{m, f}, nil
}

// Parse reads the description of a file of the given size. Bytes it does not understand are an error, never a panic.
func Parse(r io.ReaderAt, size int64) (m *movie.Movie, err error) {
	defer func() { // mp4ff is not proof against everything
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("the movie box is damaged: %v", p)
		}
	}()
	moov, end, err := findMoov(r, size)
	if err != nil {
		return nil, err
	}
	var rest *fragments
	if moov.Mvex != nil {
		rest = newFragments(r, size, moov.Mvex)
	}
	m = &movie.Movie{Data: r}
	var tables [][]movie.Sample
	for i, trak := range moov.Traks {
		list, err := tabled(trak, size)
		if err != nil {
			return nil, fmt.Errorf("track %d: %w", i+1, err)
		}
		tables = append(tables, list)
		if rest != nil {
			rest.begin(trak.Tkhd.TrackID, list)
		}
	}
	if rest != nil {
		if err := rest.collect(end); err != nil {
			return nil, err
		}
	}
	for i, trak := range moov.Traks {
		list := tables[i]
		if rest != nil {
			list = rest.tracks[trak.Tkhd.TrackID]
		}
		if err := add(m, trak, list, moov.Mvhd.Timescale); err != nil {
			return nil, fmt.Errorf("track %d: %w", i+1, err)
		}
	}
	if m.Video == nil && m.Audio == nil {
		return nil, errors.New("has neither video nor audio")
	}
	return m, nil
}

// findMoov goes through the top level boxes, reading only the one it looks for, and returns where that ends.
func findMoov(r io.ReaderAt, size int64) (moov *mp4.MoovBox, end int64, err error) {
	for at := int64(0); at < size; {
		kind, length, err := boxAt(r, at, size)
		switch {
		case err != nil:
			return nil, 0, err
		case at == 0 && kind != "ftyp" && kind != "moov" && kind != "mdat" && kind != "free" && kind != "wide" && kind != "skip":
			return nil, 0, errors.New("is not an MP4 file")
		case kind == "moov" && length > maxMoov:
			return nil, 0, fmt.Errorf("movie box of %d bytes is too large", length)
		case kind == "moov":
			b := make([]byte, length)
			if _, err := r.ReadAt(b, at); err != nil {
				return nil, 0, fmt.Errorf("reading the movie box: %w", err)
			}
			moov, err := parseMoov(b, at)
			return moov, at + length, err
		}
		at += length
	}
	return nil, 0, errors.New("is not a complete MP4 file: no movie box")
}

func parseMoov(b []byte, at int64) (*mp4.MoovBox, error) {
	box, err := mp4.DecodeBox(uint64(at), bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("the movie box is damaged: %w", err)
	}
	moov, ok := box.(*mp4.MoovBox)
	if !ok || moov.Mvhd == nil || moov.Mvhd.Timescale == 0 {
		return nil, errors.New("the movie box is damaged: no movie header")
	}
	return moov, nil
}

func boxAt(r io.ReaderAt, at, size int64) (kind string, length int64, err error) {
	var head [16]byte
	n, err := r.ReadAt(head[:], at)
	if err != nil && !errors.Is(err, io.EOF) || n < 8 {
		return "", 0, errors.New("is not an MP4 file: cut short")
	}
	length = int64(binary.BigEndian.Uint32(head[:]))
	switch {
	case length == 0:
		length = size - at
	case length == 1 && n == 16:
		length = int64(binary.BigEndian.Uint64(head[8:]))
	}
	if length < 8 || length > size-at {
		return "", 0, fmt.Errorf("is not a complete MP4 file: box %q of %d bytes at %d does not fit", head[4:8], length, at)
	}
	return string(head[4:8]), length, nil
}

// wanted reports whether a track is video or audio; others, such as time codes, are left out.
func wanted(trak *mp4.TrakBox) bool {
	kind := trak.Mdia.Hdlr.HandlerType
	return kind == "vide" || kind == "soun"
}

// tabled returns the samples of a track that are in the movie box.
func tabled(trak *mp4.TrakBox, size int64) ([]movie.Sample, error) {
	switch {
	case trak.Tkhd == nil || trak.Mdia == nil || trak.Mdia.Hdlr == nil || trak.Mdia.Mdhd == nil || trak.Mdia.Minf == nil || trak.Mdia.Minf.Stbl == nil:
		return nil, errors.New("is incomplete")
	case trak.Mdia.Mdhd.Timescale == 0:
		return nil, errors.New("time base is 0")
	case !wanted(trak):
		return nil, nil
	}
	return samples(trak.Mdia.Minf.Stbl, size)
}

// track is one being read.
type track struct {
	movie.Track
	entry mp4.Box // sample description
}

// add takes over a track.
func add(m *movie.Movie, trak *mp4.TrakBox, list []movie.Sample, movieTimescale uint32) error {
	if !wanted(trak) || len(list) == 0 { // or nothing was recorded
		return nil
	}
	t := &track{Track: movie.Track{Timescale: trak.Mdia.Mdhd.Timescale, Samples: list}}
	kind := trak.Mdia.Hdlr.HandlerType
	into := &m.Video
	if kind == "soun" {
		into = &m.Audio
	}
	if *into != nil {
		return errors.New("is the second of its kind; one video and one audio track are expected")
	}
	if err := t.describe(trak.Mdia.Minf.Stbl, kind, m.Data); err != nil {
		return err
	}
	if t.Sound != nil {
		t.gather()
	} else {
		t.Picture.Matrix = matrix(trak.Tkhd)
		t.findIDR(m.Data)
	}
	if err := t.edit(trak, movieTimescale); err != nil {
		return err
	}
	if t.Sound != nil {
		t.measure()
	} else if t.Interval()*maxRate < int64(t.Timescale) {
		return fmt.Errorf("frame rate of more than %d", maxRate)
	}
	*into = &t.Track
	return nil
}

func (t *track) describe(stbl *mp4.StblBox, kind string, data io.ReaderAt) error {
	if stbl.Stsd == nil || len(stbl.Stsd.Children) != 1 {
		return errors.New("must have one sample description")
	}
	t.entry = stbl.Stsd.Children[0]
	var err error
	if kind == "vide" {
		err = t.describeVideo(stbl.Stsd.AvcX, data)
	} else {
		err = t.describeAudio(stbl.Stsd.Mp4a)
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	err = t.entry.Encode(&b)
	t.Entry = b.Bytes()
	return err
}

// edit works out what of the track is presented.
func (t *track) edit(trak *mp4.TrakBox, movieTimescale uint32) error {
	first := t.Samples[0].PTS()
	t.End = 0
	for _, s := range t.Samples {
		first = min(first, s.PTS())
		t.End = max(t.End, s.PTS()+int64(s.Duration))
	}
	t.Start, t.Delay = min(first, 0), 0 // without an edit list composition times are presentation times
	if trak.Edts != nil && len(trak.Edts.Elst) > 0 {
		if err := t.list(trak.Edts.Elst[0].Entries, movieTimescale); err != nil {
			return err
		}
	}
	if late := first - t.Start; late > 0 { // nothing is there at first: what players understand is a delay
		t.Start, t.Delay = first, t.Delay+late
	}
	if t.End <= t.Start {
		return errors.New("edit list presents nothing")
	}
	return nil
}

// list follows an edit list, of one delay and one cut at most.
func (t *track) list(entries []mp4.ElstEntry, movieTimescale uint32) error {
	if len(entries) > 0 && entries[0].MediaTime < 0 {
		t.Delay = int64(float64(entries[0].SegmentDuration) * float64(t.Timescale) / float64(movieTimescale))
		entries = entries[1:]
	}
	if len(entries) == 0 {
		return nil
	}
	e := entries[0]
	if len(entries) > 1 || e.MediaTime < 0 || e.MediaRateInteger != 1 || e.MediaRateFraction != 0 {
		return errors.New("edit list is more than one cut; ffmpeg -i IN -c copy OUT.mp4 may simplify it")
	}
	t.Start = e.MediaTime
	// Durations are rounded to the movie's time base; one that is 0 means to the end.
	tick := float64(t.Timescale) / float64(movieTimescale)
	if end := t.Start + int64((float64(e.SegmentDuration)+1)*tick); e.SegmentDuration > 0 && end < t.End {
		t.End = end
	}
	return nil
}

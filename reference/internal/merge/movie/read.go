package movie

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"
)

// maxMoov bounds the description of a file: that of days of media is smaller.
const maxMoov = 256 << 20

// maxRate is the highest frame rate.
const maxRate = 300

// Open opens a file for reading.
func Open(path string) (*Movie, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file")
	}
	var m *Movie
	if err == nil {
		m, err = Parse(f, info.Size())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	m.Name, m.close = path, f.Close
	return m, nil
}

// Parse reads the description of a file of the given size. Bytes it does not understand are an error, never a panic.
func Parse(r io.ReaderAt, size int64) (m *Movie, err error) {
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
	m = &Movie{Data: r, close: func() error { return nil }}
	var tables [][]Sample
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
		if err := m.add(trak, list, moov.Mvhd.Timescale); err != nil {
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
func tabled(trak *mp4.TrakBox, size int64) ([]Sample, error) {
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

// add takes over a track.
func (m *Movie) add(trak *mp4.TrakBox, list []Sample, movieTimescale uint32) error {
	if !wanted(trak) || len(list) == 0 { // or nothing was recorded
		return nil
	}
	t := &Track{Timescale: trak.Mdia.Mdhd.Timescale, Samples: list}
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
	}
	if err := t.edit(trak, movieTimescale); err != nil {
		return err
	}
	if t.Sound != nil {
		t.measure()
	} else if t.Interval()*maxRate < int64(t.Timescale) {
		return fmt.Errorf("frame rate of more than %d", maxRate)
	}
	*into = t
	return nil
}

func (t *Track) describe(stbl *mp4.StblBox, kind string, data io.ReaderAt) error {
	if stbl.Stsd == nil || len(stbl.Stsd.Children) != 1 {
		return errors.New("must have one sample description")
	}
	t.entry = stbl.Stsd.Children[0]
	if kind == "vide" {
		return t.describeVideo(stbl.Stsd.AvcX, data)
	}
	return t.describeAudio(stbl.Stsd.Mp4a)
}

func (t *Track) describeVideo(e *mp4.VisualSampleEntryBox, data io.ReaderAt) error {
	if e == nil || e.AvcC == nil {
		return fmt.Errorf("codec must be H.264, got %q", t.entry.Type())
	}
	spss, ppss := e.AvcC.SPSnalus, e.AvcC.PPSnalus
	if e.Type() == inBand && len(spss) == 0 { // they need not be there but with every key frame
		spss, ppss = parameterSets(data, t.Samples[0])
	}
	if len(spss) == 0 || len(ppss) == 0 {
		return errors.New("parameter sets are missing")
	}
	sps, err := avc.ParseSPSNALUnit(spss[0], true)
	if err != nil {
		return fmt.Errorf("sequence parameter set: %w", err)
	}
	if !sps.FrameMbsOnlyFlag {
		return errors.New("video is interlaced")
	}
	p := &Picture{
		SPS: spss, PPS: ppss, Profile: sps.Profile, Level: sps.Level,
		Width: sps.Width, Height: sps.Height, Chroma: sps.ChromaFormatIDC, Depth: sps.BitDepthLumaMinus8 + 8,
		References: sps.NumRefFrames, Aspect: [2]uint{1, 1},
	}
	if sps.Profile == 66 || sps.Profile == 77 || sps.Profile == 88 { // which do not say so
		p.Chroma, p.Depth = 1, 8
	}
	if v := sps.VUI; v != nil {
		p.FullRange = v.VideoFullRangeFlag
		if v.SampleAspectRatioWidth > 0 && v.SampleAspectRatioHeight > 0 {
			p.Aspect = [2]uint{v.SampleAspectRatioWidth, v.SampleAspectRatioHeight}
		}
	}
	t.Picture = p
	return nil
}

// parameterSets returns those in a sample.
func parameterSets(in io.ReaderAt, s Sample) (sps, pps [][]byte) {
	b := make([]byte, s.Size)
	if _, err := in.ReadAt(b, s.Offset); err != nil {
		return nil, nil
	}
	return avc.GetParameterSets(b)
}

func (t *Track) describeAudio(e *mp4.AudioSampleEntryBox) error {
	if e == nil || e.Esds == nil || e.Esds.DecConfigDescriptor == nil || e.Esds.DecConfigDescriptor.DecSpecificInfo == nil {
		return fmt.Errorf("codec must be AAC (mp4a), got %q", t.entry.Type())
	}
	const mpeg4Audio = 0x40
	if o := e.Esds.DecConfigDescriptor.ObjectType; o != mpeg4Audio {
		return fmt.Errorf("codec must be AAC, got MPEG-4 object type %#x", o)
	}
	config, err := aac.DecodeAudioSpecificConfig(bytes.NewReader(e.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig))
	if err != nil {
		return fmt.Errorf("AAC configuration: %w", err)
	}
	switch {
	case config.ObjectType != aac.AAClc || config.SBRPresentFlag:
		return errors.New("profile must be AAC-LC")
	case config.ChannelConfiguration < 1 || config.ChannelConfiguration > 7:
		return fmt.Errorf("channel configuration %d is not known", config.ChannelConfiguration)
	case int64(t.Timescale) != int64(config.SamplingFrequency):
		return fmt.Errorf("time base 1/%d is not the sample rate %d", t.Timescale, config.SamplingFrequency)
	}
	channels := int(config.ChannelConfiguration)
	if channels == 7 {
		channels = 8
	}
	t.Sound = &Sound{Rate: config.SamplingFrequency, Channels: channels}
	return nil
}

// gather moves a first packet that is alone to those that follow: what it holds is the beginning of theirs. FFmpeg writes such fragments
// when pictures are reordered and there is no edit list.
func (t *Track) gather() {
	if d := int64(t.Samples[0].Duration) - t.Interval(); d > 0 && len(t.Samples) > 1 {
		t.Samples[0].DTS += d
		t.Samples[0].Duration -= uint32(d)
	}
}

// measure computes the bit rate, because what descriptions say of it is often 0 or the highest.
func (t *Track) measure() {
	bytes := 0.0
	for _, s := range t.Samples {
		bytes += float64(s.Size)
	}
	if d := t.Seconds(t.Samples[len(t.Samples)-1].DTS - t.Samples[0].DTS + 1); d > 0 {
		t.Sound.Bitrate = int(8 * bytes / d)
	}
}

// edit works out what of the track is presented.
func (t *Track) edit(trak *mp4.TrakBox, movieTimescale uint32) error {
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
func (t *Track) list(entries []mp4.ElstEntry, movieTimescale uint32) error {
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

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
	moov, err := findMoov(r, size)
	if err != nil {
		return nil, err
	}
	m = &Movie{Data: r, close: func() error { return nil }}
	for _, trak := range moov.Traks {
		if err := m.add(trak, moov.Mvhd.Timescale, size); err != nil {
			return nil, fmt.Errorf("track %d: %w", trak.Tkhd.TrackID, err)
		}
	}
	if m.Video == nil && m.Audio == nil {
		return nil, errors.New("has neither video nor audio")
	}
	return m, nil
}

// findMoov goes through the top level boxes, reading only the one it looks for.
func findMoov(r io.ReaderAt, size int64) (*mp4.MoovBox, error) {
	for at := int64(0); at < size; {
		kind, length, err := boxAt(r, at, size)
		switch {
		case err != nil:
			return nil, err
		case at == 0 && kind != "ftyp" && kind != "moov" && kind != "mdat" && kind != "free" && kind != "wide" && kind != "skip":
			return nil, errors.New("is not an MP4 file")
		case kind == "moof":
			return nil, errors.New("is a fragmented MP4 file; ffmpeg -i IN -c copy OUT.mp4 makes an ordinary one")
		case kind == "moov" && length > maxMoov:
			return nil, fmt.Errorf("movie box of %d bytes is too large", length)
		case kind == "moov":
			b := make([]byte, length)
			if _, err := r.ReadAt(b, at); err != nil {
				return nil, fmt.Errorf("reading the movie box: %w", err)
			}
			box, err := mp4.DecodeBox(uint64(at), bytes.NewReader(b))
			if err != nil {
				return nil, fmt.Errorf("the movie box is damaged: %w", err)
			}
			moov, ok := box.(*mp4.MoovBox)
			switch {
			case !ok || moov.Mvhd == nil || moov.Mvhd.Timescale == 0:
				return nil, errors.New("the movie box is damaged: no movie header")
			case moov.Mvex != nil:
				return nil, errors.New("is a fragmented MP4 file; ffmpeg -i IN -c copy OUT.mp4 makes an ordinary one")
			}
			return moov, nil
		}
		at += length
	}
	return nil, errors.New("is not a complete MP4 file: no movie box")
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

// add takes over a track of video or audio; others, such as time codes, are left out.
func (m *Movie) add(trak *mp4.TrakBox, movieTimescale uint32, size int64) error {
	switch {
	case trak.Mdia == nil || trak.Mdia.Hdlr == nil || trak.Mdia.Mdhd == nil || trak.Mdia.Minf == nil || trak.Mdia.Minf.Stbl == nil:
		return errors.New("is incomplete")
	case trak.Mdia.Mdhd.Timescale == 0:
		return errors.New("time base is 0")
	}
	kind := trak.Mdia.Hdlr.HandlerType
	if kind != "vide" && kind != "soun" {
		return nil
	}
	t := &Track{Timescale: trak.Mdia.Mdhd.Timescale}
	into := &m.Video
	if kind == "soun" {
		into = &m.Audio
	}
	if *into != nil {
		return errors.New("is the second of its kind; one video and one audio track are expected")
	}
	stbl := trak.Mdia.Minf.Stbl
	if err := t.describe(stbl, kind); err != nil {
		return err
	}
	var err error
	if t.Samples, err = samples(stbl, size); err != nil {
		return err
	}
	if len(t.Samples) == 0 {
		return nil // nothing was recorded
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

func (t *Track) describe(stbl *mp4.StblBox, kind string) error {
	if stbl.Stsd == nil || len(stbl.Stsd.Children) != 1 {
		return errors.New("must have one sample description")
	}
	t.entry = stbl.Stsd.Children[0]
	if kind == "vide" {
		return t.describeVideo(stbl.Stsd.AvcX)
	}
	return t.describeAudio(stbl.Stsd.Mp4a)
}

func (t *Track) describeVideo(e *mp4.VisualSampleEntryBox) error {
	if e == nil || e.Type() != "avc1" || e.AvcC == nil {
		return fmt.Errorf("codec must be H.264 (avc1), got %q", t.entry.Type())
	}
	if len(e.AvcC.SPSnalus) == 0 || len(e.AvcC.PPSnalus) == 0 {
		return errors.New("parameter sets are missing")
	}
	sps, err := avc.ParseSPSNALUnit(e.AvcC.SPSnalus[0], true)
	if err != nil {
		return fmt.Errorf("sequence parameter set: %w", err)
	}
	if !sps.FrameMbsOnlyFlag {
		return errors.New("video is interlaced")
	}
	p := &Picture{
		SPS: e.AvcC.SPSnalus, PPS: e.AvcC.PPSnalus, Profile: sps.Profile, Level: sps.Level,
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
	t.Start, t.End = t.Samples[0].PTS(), 0
	for _, s := range t.Samples {
		t.Start = min(t.Start, s.PTS())
		t.End = max(t.End, s.PTS()+int64(s.Duration))
	}
	if trak.Edts == nil || len(trak.Edts.Elst) == 0 {
		// Without an edit list composition times are presentation times.
		t.Start, t.Delay = min(t.Start, 0), 0
		return nil
	}
	entries := trak.Edts.Elst[0].Entries
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
	if t.End <= t.Start {
		return errors.New("edit list presents nothing")
	}
	return nil
}

package mp4

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/mp4"

	"reelcheck/reference/internal/mux/movie"
)

func (t *track) describeAudio(e *mp4.AudioSampleEntryBox) error {
	esds, err := t.aac(e)
	if err != nil {
		return err
	}
	config, err := aac.DecodeAudioSpecificConfig(bytes.NewReader(esds.DecConfigDescriptor.DecSpecificInfo.DecConfig))
	if err != nil {
		return fmt.Errorf("AAC configuration: %w", err)
	}
	switch {
	case config.ObjectType != aac.AAClc || config.SBRPresentFlag:
		return errors.New("profile must be AAC-LC; " + codeSound)
	case config.ChannelConfiguration < 1 || config.ChannelConfiguration > 7:
		return fmt.Errorf("channel configuration %d is not known", config.ChannelConfiguration)
	case int64(t.Timescale) != int64(config.SamplingFrequency):
		return fmt.Errorf("time base 1/%d is not the sample rate %d", t.Timescale, config.SamplingFrequency)
	}
	channels := int(config.ChannelConfiguration)
	if channels == 7 {
		channels = 8
	}
	t.Sound = &movie.Sound{Rate: config.SamplingFrequency, Channels: channels}
	if e.Wave != nil || e.QuickTimeVersion != 0 {
		rate := config.SamplingFrequency
		if rate > math.MaxUint16 { // which the field cannot tell
			rate = 0
		}
		t.entry = mp4.CreateAudioSampleEntryBox("mp4a", uint16(channels), 16, uint16(rate), esds)
	}
	return nil
}

const codeSound = "ffmpeg -i IN -c:v copy -c:a aac OUT.mp4 codes the sound so"

// coded are names of what may be in a sample entry mp4a (https://mp4ra.org/registered-types/object-types).
var coded = map[byte]string{0x66: "MPEG-2 AAC", 0x67: "MPEG-2 AAC", 0x68: "MPEG-2 AAC", 0x69: "MP3", 0x6b: "MP3", 0xad: "Opus", 0xdd: "Vorbis"}

// aac finds the description of the codec, which QuickTime puts into an atom wave.
func (t *track) aac(e *mp4.AudioSampleEntryBox) (*mp4.EsdsBox, error) {
	if e == nil || e.Type() != "mp4a" {
		return nil, fmt.Errorf("codec must be AAC, got %q; %s", t.entry.Type(), codeSound)
	}
	esds := e.Esds
	if esds == nil && e.Wave != nil {
		esds = e.Wave.Esds
	}
	switch {
	case esds == nil || esds.DecConfigDescriptor == nil:
		return nil, errors.New("description of the codec in the sample entry mp4a is missing")
	case coded[esds.DecConfigDescriptor.ObjectType] != "":
		return nil, fmt.Errorf("codec must be AAC, got %s; %s", coded[esds.DecConfigDescriptor.ObjectType], codeSound)
	case esds.DecConfigDescriptor.ObjectType != mp4.ObjectTypeAAC:
		return nil, fmt.Errorf("codec must be AAC, got MPEG-4 object type %#x; %s", esds.DecConfigDescriptor.ObjectType, codeSound)
	case esds.DecConfigDescriptor.DecSpecificInfo == nil:
		return nil, errors.New("AAC configuration is missing")
	}
	return esds, nil
}

// gather moves a first packet that is alone to those that follow: what it holds is the beginning of theirs. FFmpeg writes such fragments
// when pictures are reordered and there is no edit list.
func (t *track) gather() {
	if d := int64(t.Samples[0].Duration) - t.Interval(); d > 0 && len(t.Samples) > 1 {
		t.Samples[0].DTS += d
		t.Samples[0].Duration -= uint32(d)
	}
}

// measure computes the bit rate, because what descriptions say of it is often 0 or the highest.
func (t *track) measure() {
	bytes := 0.0
	for _, s := range t.Samples {
		bytes += float64(s.Size)
	}
	if d := t.Seconds(t.Samples[len(t.Samples)-1].DTS - t.Samples[0].DTS + 1); d > 0 {
		t.Sound.Bitrate = int(8 * bytes / d)
	}
}

package matroska

import (
	"encoding/hex"
	"fmt"
	"time"

	"reelcheck/conformance/media/coded"
)

// track is a track that is being read.
type track struct {
	Track
	codec  string // as in package coded; "" for others
	prefix int    // bytes of the length before each NAL unit; 0 means start codes
}

// readHead reads the EBML header.
func (p *parser) readHead(e element, end int64) error {
	r := &p.report
	return p.read(e, end, fields{take: map[uint32]func([]byte) bool{
		idDocType: setText(&r.DocType), idDocTypeVersion: set(&r.DocTypeVersion), idDocTypeReadVersion: set(&r.DocTypeReadVersion),
	}})
}

// segment reads a segment, whose size may be unknown.
func (p *parser) segment(parent element, end int64) error {
	return p.children(parent, end, func(e element, last int64) (bool, error) {
		if parent.size == unknown && outermost(e.id) {
			return false, nil
		}
		switch e.id {
		case idInfo:
			return true, p.once(e, last, p.info)
		case idTracks:
			return true, p.once(e, last, p.tracks)
		case idCluster:
			return true, p.readCluster(e, last)
		case idCues:
			return true, p.read(e, last, fields{enter: map[uint32]func(element, int64) error{idCuePoint: func(e element, last int64) error {
				p.report.Cues++
				return p.pass(e, last)
			}}})
		default:
			return true, p.pass(e, last)
		}
	})
}

func (p *parser) info(e element, end int64) error {
	r := &p.report
	var duration float64
	err := p.read(e, end, fields{take: map[uint32]func([]byte) bool{
		idTimestampScale: set(&r.TimestampScale), idDuration: setFloat(&duration), idMuxingApp: setText(&r.MuxingApp), idWritingApp: setText(&r.WritingApp),
	}})
	if r.TimestampScale > 0 {
		p.scale = r.TimestampScale
	}
	r.Duration = duration * float64(p.scale) / 1e9
	return err
}

func (p *parser) tracks(e element, end int64) error {
	return p.read(e, end, fields{enter: map[uint32]func(element, int64) error{idTrackEntry: p.track}})
}

func (p *parser) track(e element, end int64) error {
	t := &track{}
	var kind uint64
	err := p.read(e, end, fields{
		take: map[uint32]func([]byte) bool{
			idTrackNumber: setID(&t.Number), idTrackUID: setID(&t.UID), idTrackType: setID(&kind), idCodecID: setText(&t.Codec),
			idCodecDelay: set(&t.CodecDelay), idSeekPreRoll: set(&t.SeekPreRoll), idDefaultDuration: set(&t.FrameLasts),
			idCodecPrivate: func(b []byte) bool { t.Private = hex.EncodeToString(b); return true },
		},
		enter: map[uint32]func(element, int64) error{
			idVideo: func(e element, end int64) error {
				return p.read(e, end, fields{take: map[uint32]func([]byte) bool{idPixelWidth: set(&t.Width), idPixelHeight: set(&t.Height)}})
			},
			idAudio: func(e element, end int64) error {
				return p.read(e, end, fields{take: map[uint32]func([]byte) bool{idChannels: set(&t.Channels), idSamplingFrequency: setFloat(&t.SamplingRate)}})
			},
			idContentEncodings: func(e element, end int64) error {
				t.Encoded = true
				p.note(Unsupported, e.at, "the frames of track %d are compressed or encrypted", t.Number)
				return p.pass(e, end)
			},
		},
	})
	t.Type = map[uint64]string{1: Video, 2: Audio}[kind]
	if t.Type == "" {
		t.Type = fmt.Sprint(kind)
	}
	p.declare(t, e)
	return err
}

// declare adds a track whose entry has been read.
func (p *parser) declare(t *track, e element) {
	t.codec = map[string]string{"V_VP8": coded.VP8, "V_VP9": coded.VP9, "V_MPEG4/ISO/AVC": coded.H264, "A_OPUS": coded.Opus}[t.Codec]
	if t.codec == coded.H264 {
		p.configure(t, e)
	}
	switch {
	case len(p.order) == maxTracks:
		p.note(Limit, e.at, "more than %d tracks", maxTracks)
		return
	case t.Number == 0:
		p.note(Missing, e.at, "a track without a number")
		return
	case p.byTrack[t.Number] != nil:
		p.note(Twice, e.at, "another track %d", t.Number)
		return
	}
	p.byTrack[t.Number] = t
	p.order = append(p.order, t)
}

// configure reads from CodecPrivate how H.264 frames are split.
func (p *parser) configure(t *track, e element) {
	private, err := hex.DecodeString(t.Private)
	if err != nil || len(private) == 0 || coded.StartsAnnexB(private) {
		return // in Annex B, as some recorders write it against the standard
	}
	c, err := coded.ParseConfig(private)
	if err != nil {
		p.note(Broken, e.at, "CodecPrivate of track %d: %v", t.Number, err)
	}
	t.prefix = c.Length
}

// stamp returns the time of a block. ok is false when the time is absurd.
func (p *parser) stamp(relative int16) (at time.Duration, ok bool) {
	const furthest = 1 << 60 // nanoseconds, 36 years
	if p.scale > furthest || p.base > furthest/p.scale || p.scale*1<<15 > furthest {
		return 0, false
	}
	return time.Duration(int64(p.base)+int64(relative)) * time.Duration(p.scale), true
}

package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/seal"
)

// A segment file is magic followed by records. A record is the length and the CRC-32C of its body, both uint32 little
// endian, then the body, whose first byte is its type. A body is never empty, so a tail of zeros is not a record. A
// sealed segment begins with the other magic; each of its bodies is encrypted by itself, and length and checksum are
// those of the encrypted bytes.
const (
	magic       = "reeljnl1"
	magicSealed = "reeljnl2"
	firstRecord = int64(len(magic))
	headerSize  = 8
	// MaxRecord is the maximum size of a body in bytes. No coded frame over WebRTC is as large, and a forged length can
	// do no harm.
	MaxRecord = 8 << 20
)

// Kind is the kind of a record.
type Kind byte

const (
	Sample Kind = 1 + iota
	Mark        // nothing of this kind before the instant follows
	Roll        // the log continues in the next segment
	End         // the log ends
	Event       // timeline: JSON of a timeline.Event
	Report      // a timestamp of this kind was captured at this instant
)

const (
	sampleHead  = 1 + 1 + 1 + 8
	originSize  = 8 + 8 + 2
	markSize    = 1 + 1 + 8
	reportSize  = 1 + 1 + 8 + 8
	flagKey     = 1
	flagGap     = 2
	flagOrigin  = 4 // the origin follows the head; journals of earlier versions have no origins
	flagGuessed = 8
	allFlags    = flagKey | flagGap | flagOrigin | flagGuessed
)

// Track is the kind of media of a record. Events count as a kind of their own.
type Track byte

const (
	Audio Track = iota
	Video
	Events
	Tracks // the number of tracks
)

// TrackOf returns the track of audio or video.
func TrackOf(isVideo bool) Track {
	if isVideo {
		return Video
	}
	return Audio
}

var codecs = [...]av.Codec{1: av.VP8, 2: av.VP9, 3: av.H264, 4: av.Opus}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errShort    = errors.New("record cut short")
	errChecksum = errors.New("checksum mismatch")
	errLength   = errors.New("impossible record length")
	errBody     = errors.New("malformed record")
	errMagic    = errors.New("not a journal segment")
	ErrNoKey    = errors.New("segment is sealed, and the journal has no key")
)

// TornError says from which offset a segment cannot be read.
type TornError struct {
	Path   string
	Offset int64
	Err    error
}

func (e *TornError) Error() string {
	return fmt.Sprintf("journal segment %s is damaged at offset %d: %v", e.Path, e.Offset, e.Err)
}

func (e *TornError) Unwrap() error { return e.Err }

// Place identifies the beginning of the damage.
func (e *TornError) Place() string { return fmt.Sprint(e.Path, " ", e.Offset) }

// frame writes the length and checksum of the body into the first headerSize bytes of b, which are reserved for them.
func frame(b []byte) []byte {
	binary.LittleEndian.PutUint32(b, uint32(len(b)-headerSize))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[headerSize:], castagnoli))
	return b
}

// parseHeader returns the length and checksum of the body that follows the header.
func parseHeader(b []byte) (length int64, sum uint32, err error) {
	if len(b) < headerSize {
		return 0, 0, errShort
	}
	length = int64(binary.LittleEndian.Uint32(b))
	if length == 0 || length > MaxRecord {
		return 0, 0, errLength
	}
	return length, binary.LittleEndian.Uint32(b[4:]), nil
}

// EncodeSample returns the record of a sample for [Log.Append]. It fails for an unknown codec and for too much data.
func EncodeSample(s av.Sample) ([]byte, error) {
	code := 0
	for i, c := range codecs {
		if c != "" && c == s.Codec {
			code = i
		}
	}
	if code == 0 {
		return nil, fmt.Errorf("unknown codec %q", s.Codec)
	}
	if most := MaxRecord - sampleHead - originSize - seal.Overhead; len(s.Data) > most {
		return nil, fmt.Errorf("sample of %d bytes is larger than %d", len(s.Data), most)
	}
	b := make([]byte, headerSize+sampleHead, headerSize+sampleHead+originSize+len(s.Data))
	body := b[headerSize:]
	body[0], body[1] = byte(Sample), byte(code)
	if s.Key {
		body[2] |= flagKey
	}
	if s.Gap {
		body[2] |= flagGap
	}
	binary.LittleEndian.PutUint64(body[3:], uint64(s.Time))
	if s.Origin != (av.Origin{}) {
		body[2] |= flagOrigin
		if s.Guessed {
			body[2] |= flagGuessed
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(s.Captured))
		b = binary.LittleEndian.AppendUint64(b, uint64(s.Stamp))
		b = binary.LittleEndian.AppendUint16(b, s.Reconnects)
	}
	return frame(append(b, s.Data...)), nil
}

// markGap is a flag in the track of a mark: samples before the mark were left out.
const markGap = 1 << 7

// EncodeMark returns the record of a mark. With gap set, samples before the mark were left out.
func EncodeMark(k Track, t av.Instant, gap bool) []byte {
	b := make([]byte, headerSize+markSize)
	b[headerSize], b[headerSize+1] = byte(Mark), byte(k)
	if gap {
		b[headerSize+1] |= markGap
	}
	binary.LittleEndian.PutUint64(b[headerSize+2:], uint64(t))
	return frame(b)
}

// EncodeReport returns the record that says that a timestamp was captured at an instant.
func EncodeReport(k Track, stamp int64, captured av.Instant) []byte {
	b := make([]byte, headerSize+reportSize)
	body := b[headerSize:]
	body[0], body[1] = byte(Report), byte(k)
	binary.LittleEndian.PutUint64(body[2:], uint64(stamp))
	binary.LittleEndian.PutUint64(body[10:], uint64(captured))
	return frame(b)
}

// EncodeEvent returns the record of an event, given as JSON.
func EncodeEvent(data []byte) []byte { return encodeBare(Event, data) }

func encodeBare(t Kind, data []byte) []byte {
	b := make([]byte, headerSize+1, headerSize+1+len(data))
	b[headerSize] = byte(t)
	return frame(append(b, data...))
}

// Record is a decoded record. A mark has only a time and perhaps a gap, a report only an origin, an event only data.
type Record struct {
	Kind  Kind
	Track Track
	av.Sample
}

// decode parses a body. With head set, body is only the beginning of a sample, mark or report, and Record.Data is not
// set. Record.Data aliases body.
func decode(body []byte, head bool) (Record, error) {
	r := Record{Kind: Kind(body[0])}
	switch r.Kind {
	case Sample:
		return decodeSample(body)
	case Mark:
		if len(body) < markSize || !head && len(body) != markSize || Track(body[1]&^markGap) >= Tracks {
			return Record{}, errBody
		}
		r.Gap = body[1]&markGap != 0
		r.Track, r.Time = Track(body[1]&^markGap), av.Instant(binary.LittleEndian.Uint64(body[2:]))
	case Report:
		if len(body) < reportSize || !head && len(body) != reportSize || Track(body[1]) >= Events {
			return Record{}, errBody
		}
		r.Track = Track(body[1])
		r.Stamp, r.Captured = int64(binary.LittleEndian.Uint64(body[2:])), av.Instant(binary.LittleEndian.Uint64(body[10:]))
	case Roll, End:
		if len(body) != 1 && !head {
			return Record{}, errBody
		}
	case Event:
		r.Track, r.Data = Events, body[1:]
	default:
		return Record{}, errBody
	}
	return r, nil
}

func decodeSample(body []byte) (Record, error) {
	if len(body) < sampleHead || int(body[1]) >= len(codecs) || codecs[body[1]] == "" || body[2]&^allFlags != 0 {
		return Record{}, errBody
	}
	flags := body[2]
	r := Record{Kind: Sample, Sample: av.Sample{Codec: codecs[body[1]], Key: flags&flagKey != 0, Gap: flags&flagGap != 0}}
	r.Time = av.Instant(binary.LittleEndian.Uint64(body[3:]))
	r.Track, r.Data = TrackOf(r.Codec.Video()), body[sampleHead:]
	if flags&flagOrigin == 0 {
		return r, nil
	}
	if len(r.Data) < originSize {
		return Record{}, errBody
	}
	r.Origin = av.Origin{
		Captured:   av.Instant(binary.LittleEndian.Uint64(r.Data)),
		Stamp:      int64(binary.LittleEndian.Uint64(r.Data[8:])),
		Reconnects: binary.LittleEndian.Uint16(r.Data[16:]),
		Guessed:    flags&flagGuessed != 0,
	}
	r.Data = r.Data[originSize:]
	return r, nil
}

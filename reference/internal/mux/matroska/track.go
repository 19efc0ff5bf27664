package matroska

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"reelcheck/reference/internal/av"
)

// Track is a track of a supported codec.
type Track struct {
	Codec av.Codec

	number   uint64
	delay    time.Duration // CodecDelay: the sound begins earlier by this much
	private  []byte        // avcC, or parameter sets in Annex B form
	inBand   []byte        // the last parameter sets in the stream
	each     time.Duration // duration of a frame; 0 = unknown
	stripped []byte        // begins every frame, but is not stored in the file
}

// Types of tracks that are read (RFC 9559 section 5.1.4.1.3).
const (
	typeVideo = 1
	typeAudio = 2
)

// codecIDs are the names of the codecs (Matroska codec specifications).
var codecIDs = map[av.Codec]string{av.VP8: "V_VP8", av.VP9: "V_VP9", av.H264: "V_MPEG4/ISO/AVC", av.Opus: "A_OPUS"}

// Skipped is a track that is not read, with the reason.
type Skipped struct {
	Track  uint64 // number in the file
	Reason error
}

var (
	errOtherKind = errors.New("it is neither video nor audio")
	errSecond    = errors.New("it is the second of its kind")
)

// UnreadableError is returned for a file without a readable track.
type UnreadableError struct{ Skipped []Skipped }

func (e *UnreadableError) Error() string {
	var list []string
	for _, s := range e.Skipped {
		list = append(list, fmt.Sprintf("track %d: %v", s.Track, s.Reason))
	}
	return "no track can be read: " + strings.Join(list, "; ")
}

// parseTracks returns the first readable video track and the first readable audio track.
func parseTracks(b []byte) (list []*Track, skipped []Skipped, err error) {
	var have [typeAudio + 1]bool
	number := 0
	children(b, func(id uint32, entry []byte) {
		if id != idTrackEntry {
			return
		}
		if number++; number > maxTracks {
			return
		}
		t, kind, reason := parseTrack(entry)
		switch {
		case kind != typeVideo && kind != typeAudio:
			reason = errOtherKind
		case reason == nil && have[kind]:
			reason = errSecond
		}
		if reason != nil {
			skipped = append(skipped, Skipped{t.number, reason})
			return
		}
		have[kind] = true
		list = append(list, t)
	})
	if number == 0 || number > maxTracks {
		return nil, nil, fmt.Errorf("%d tracks, want 1 to %d", number, maxTracks)
	}
	if len(list) == 0 {
		return nil, nil, &UnreadableError{skipped}
	}
	return list, skipped, nil
}

func parseTrack(b []byte) (*Track, uint64, error) {
	t := &Track{}
	var kind uint64
	var codec string
	var coded error
	children(b, func(id uint32, content []byte) {
		switch id {
		case idTrackNumber:
			t.number = unsigned(content)
		case idTrackType:
			kind = unsigned(content)
		case idCodecID:
			for codec = string(content); codec != "" && codec[len(codec)-1] == 0; {
				codec = codec[:len(codec)-1]
			}
		case idCodecPrivate:
			t.private = content
		case idCodecDelay:
			if d := unsigned(content); d <= uint64(time.Second) {
				t.delay = time.Duration(d)
			}
		case idDefaultDuration:
			if d := unsigned(content); d <= uint64(time.Second) {
				t.each = time.Duration(d)
			}
		case idContentEncodings:
			t.stripped, coded = parseEncodings(content)
		}
	})
	for c, id := range codecIDs {
		if id == codec {
			t.Codec = c
		}
	}
	if t.Codec == "" || t.Codec.Video() != (kind == typeVideo) {
		return t, kind, fmt.Errorf("codec %.40q is not one of V_VP8, V_VP9, V_MPEG4/ISO/AVC, A_OPUS", codec)
	}
	if t.Codec == av.Opus && coded == nil {
		coded = oneStream(t.private)
	}
	return t, kind, coded
}

// oneStream returns an error if the Opus packets of a track contain several streams, as those with more than two channels do (RFC 7845
// section 5.1.1). A decoder for one stream would turn them into noise.
func oneStream(head []byte) error {
	const channels, family, streams = 9, 18, 19 // their offsets in the identification header
	if len(head) <= streams || !bytes.HasPrefix(head, []byte("OpusHead")) || head[family] == 0 || head[streams] == 1 {
		return nil
	}
	return fmt.Errorf("%d channels of Opus in %d streams (channel mapping family %d) are not decoded, only mono and stereo", head[channels], head[streams], head[family])
}

// headerStripping is the value of ContentCompAlgo for frames without their common beginning.
const headerStripping = 3

func parseEncodings(b []byte) (stripped []byte, err error) {
	children(b, func(id uint32, encoding []byte) {
		if id != idContentEncoding {
			return
		}
		children(encoding, func(id uint32, content []byte) {
			switch id {
			case idContentEncryption:
				err = errors.New("a track is encrypted")
			case idContentCompression:
				algorithm := uint64(0)
				children(content, func(id uint32, value []byte) {
					switch id {
					case idContentCompAlgo:
						algorithm = unsigned(value)
					case idContentCompSetting:
						stripped = value
					}
				})
				if algorithm != headerStripping {
					err = fmt.Errorf("a track is compressed by algorithm %d, want none or %d", algorithm, headerStripping)
				}
			}
		})
	})
	return stripped, err
}

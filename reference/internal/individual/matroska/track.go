package matroska

import (
	"errors"
	"fmt"
	"time"

	"reelcheck/reference/internal/av"
)

// Track is a track that can be read.
type Track struct {
	Codec av.Codec

	number   uint64
	delay    time.Duration // of the codec: its sound begins so much earlier
	private  []byte        // avcC, or parameter sets in Annex B form
	inBand   []byte        // parameter sets that came last with a frame
	each     time.Duration // how long a frame lasts, 0 = not told
	stripped []byte        // begins every frame and is not in the file
}

// The kinds of tracks that are read (RFC 9559 section 5.1.4.1.3).
const (
	typeVideo = 1
	typeAudio = 2
)

// codecIDs are the names of codecs (Matroska codec specifications).
var codecIDs = map[av.Codec]string{av.VP8: "V_VP8", av.VP9: "V_VP9", av.H264: "V_MPEG4/ISO/AVC", av.Opus: "A_OPUS"}

// parseTracks finds the first video and the first audio track that can be read.
func parseTracks(b []byte) ([]*Track, error) {
	var list []*Track
	var refused [typeAudio + 1]error
	var have [typeAudio + 1]bool
	number := 0
	children(b, func(id uint32, entry []byte) {
		if id != idTrackEntry {
			return
		}
		number++
		t, kind, err := parseTrack(entry)
		switch {
		case kind != typeVideo && kind != typeAudio || have[kind]:
		case err != nil:
			refused[kind] = err
		default:
			have[kind] = true
			list = append(list, t)
		}
	})
	if number == 0 || number > maxTracks {
		return nil, fmt.Errorf("%d tracks, want 1 to %d", number, maxTracks)
	}
	for kind, err := range refused {
		if err != nil && !have[kind] {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, errors.New("neither a video nor an audio track")
	}
	return list, nil
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
		return nil, kind, fmt.Errorf("codec %q is not one of V_VP8, V_VP9, V_MPEG4/ISO/AVC, A_OPUS", codec)
	}
	return t, kind, coded
}

// headerStripping is the value of ContentCompAlgo with which frames lack what all of them begin with.
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

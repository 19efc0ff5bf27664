// Package matroska reads Matroska and WebM files (RFC 9559, RFC 8794) from the first byte to the last: what their
// headers say and which frames they hold. It decodes nothing and judges nothing.
//
// A bad file is never an error. Findings describe it, and everything readable is still read. Memory is bounded, whatever
// a file says about itself.
package matroska

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Report is what a file says and holds.
type Report struct {
	Size               int64     `json:"size"` // bytes that were read
	Findings           []Finding `json:"findings,omitempty"`
	DocType            string    `json:"docType,omitempty"`
	DocTypeVersion     int       `json:"docTypeVersion,omitempty"`
	DocTypeReadVersion int       `json:"docTypeReadVersion,omitempty"`
	// SegmentUnknown means that the size of the segment is unknown.
	SegmentUnknown bool `json:"segmentUnknown,omitempty"`
	// TimestampScale is in nanoseconds, as written; 0 means absent, and thus a millisecond.
	TimestampScale uint64 `json:"timestampScale,omitempty"`
	// Duration is the Duration of Info in seconds; 0 means absent.
	Duration   float64 `json:"duration,omitempty"`
	MuxingApp  string  `json:"muxingApp,omitempty"`
	WritingApp string  `json:"writingApp,omitempty"`
	Clusters   int     `json:"clusters"`
	// UnknownClusters is the number of clusters of unknown size.
	UnknownClusters int     `json:"unknownClusters,omitempty"`
	SimpleBlocks    int     `json:"simpleBlocks,omitempty"`
	BlockGroups     int     `json:"blockGroups,omitempty"`
	Laced           int     `json:"laced,omitempty"` // blocks with more than one frame
	Cues            int     `json:"cues,omitempty"`  // cue points
	Tracks          []Track `json:"tracks,omitempty"`
}

// Kind classifies a finding.
type Kind string

// The kinds of findings.
const (
	NotMatroska  Kind = "not-matroska" // it does not begin with an EBML header
	Truncated    Kind = "truncated"    // the file ends within an element
	Broken       Kind = "broken"       // an element cannot be read
	Overrun      Kind = "overrun"      // an element is larger than the one that holds it
	Missing      Kind = "missing"      // a required element is missing
	Twice        Kind = "twice"        // an element that must occur once occurs again
	UnknownTrack Kind = "unknown-track"
	Unsupported  Kind = "unsupported" // the frames are compressed or encrypted by the container
	BadFrame     Kind = "bad-frame"   // a frame that is not of its codec
	Limit        Kind = "limit"       // more than is read
)

// Finding is something wrong or unusual about a file.
type Finding struct {
	Kind   Kind   `json:"kind"`
	Offset int64  `json:"offset"`
	Detail string `json:"detail"`
}

func (f Finding) String() string { return fmt.Sprintf("%s at byte %d: %s", f.Kind, f.Offset, f.Detail) }

// Has reports whether there is a finding of one of the kinds.
func (r Report) Has(kinds ...Kind) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return slices.Contains(kinds, f.Kind) })
}

// Types of tracks.
const (
	Video = "video"
	Audio = "audio"
)

// Track is one track with all its frames, in the order of the file.
type Track struct {
	Number uint64 `json:"number"`
	UID    uint64 `json:"uid,omitempty"`
	Type   string `json:"type"`  // "video", "audio", or the number
	Codec  string `json:"codec"` // V_VP8, V_VP9, V_MPEG4/ISO/AVC, A_OPUS, ...
	// Private is CodecPrivate in hex.
	Private      string        `json:"private,omitempty"`
	Width        int           `json:"width,omitempty"` // PixelWidth
	Height       int           `json:"height,omitempty"`
	Channels     int           `json:"channels,omitempty"`
	SamplingRate float64       `json:"samplingRate,omitempty"`
	CodecDelay   time.Duration `json:"codecDelayNs,omitempty"`
	SeekPreRoll  time.Duration `json:"seekPreRollNs,omitempty"`
	// FrameLasts is DefaultDuration.
	FrameLasts time.Duration `json:"frameLastsNs,omitempty"`
	// Encoded means that the container compresses or encrypts the frames; their sums are of the encoded bytes.
	Encoded bool `json:"encoded,omitempty"`
	// AnnexB is the number of H.264 frames that are split by start codes, not by length prefixes.
	AnnexB int     `json:"annexB,omitempty"`
	Frames []Frame `json:"frames,omitempty"`
	// Sizes are the sizes of the coded pictures, each from the frame that states it.
	Sizes []Size `json:"sizes,omitempty"`
}

// Size is the size of coded pictures from one frame on.
type Size struct {
	Frame  int `json:"frame"` // index
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Frame is one frame. In JSON it is an array: time, bytes, flags, sum.
type Frame struct {
	At    time.Duration // as written: the sum of cluster and block, without subtracting CodecDelay
	Bytes int
	Key   bool   // the container marks it as a key frame
	Intra bool   // the frame itself is a key frame; always true for audio
	Laced bool   // the time was computed: it is not the first frame of its block
	Sum   string // of its payload, see coded.Sum
}

const (
	flagKey = 1 << iota
	flagIntra
	flagLaced
)

// MarshalJSON writes the array.
func (f Frame) MarshalJSON() ([]byte, error) {
	flags := 0
	for i, set := range []bool{f.Key, f.Intra, f.Laced} {
		if set {
			flags |= 1 << i
		}
	}
	return fmt.Appendf(nil, "[%d,%d,%d,%q]", f.At, f.Bytes, flags, f.Sum), nil
}

// UnmarshalJSON reads the array.
func (f *Frame) UnmarshalJSON(b []byte) error {
	var flags int
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	into := []any{&f.At, &f.Bytes, &flags, &f.Sum}
	if len(parts) != len(into) {
		return fmt.Errorf("frame with %d parts, want %d", len(parts), len(into))
	}
	for i, p := range parts {
		if err := json.Unmarshal(p, into[i]); err != nil {
			return err
		}
	}
	f.Key, f.Intra, f.Laced = flags&flagKey != 0, flags&flagIntra != 0, flags&flagLaced != 0
	return nil
}

// Of returns the first track of a type. ok is false when there is none.
func (r Report) Of(kind string) (t Track, ok bool) {
	for _, t := range r.Tracks {
		if t.Type == kind {
			return t, true
		}
	}
	return t, false
}

// Presented returns when frame i is shown or heard: its time minus CodecDelay (RFC 9559 section 5.1.4.1.25).
func (t Track) Presented(i int) time.Duration { return t.Frames[i].At - t.CodecDelay }

// SizeAt returns the size of the coded picture of frame i, or zeros if no frame up to it states a size.
func (t Track) SizeAt(i int) (width, height int) {
	for _, s := range t.Sizes {
		if s.Frame <= i {
			width, height = s.Width, s.Height
		}
	}
	return width, height
}

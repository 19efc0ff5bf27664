// Package matroska reads Matroska and WebM files (RFC 9559, RFC 8794) as they are, one byte after the other: what
// their heads say and which frames they hold. It decodes nothing and judges nothing.
//
// A bad file never is an error: it is described by findings, and what can be read of it is. Memory is bounded
// whatever a file says of itself.
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
	// SegmentUnknown: the segment does not tell its size.
	SegmentUnknown bool `json:"segmentUnknown,omitempty"`
	// TimestampScale is in nanoseconds, as written; 0: absent, which means a millisecond.
	TimestampScale uint64 `json:"timestampScale,omitempty"`
	// Duration is that of Info, in seconds; 0: absent.
	Duration   float64 `json:"duration,omitempty"`
	MuxingApp  string  `json:"muxingApp,omitempty"`
	WritingApp string  `json:"writingApp,omitempty"`
	Clusters   int     `json:"clusters"`
	// UnknownClusters of them do not tell their size.
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
	NotMatroska  Kind = "not-matroska" // it does not begin with an EBML head
	Truncated    Kind = "truncated"    // the file ends within an element
	Broken       Kind = "broken"       // an element that cannot be read
	Overrun      Kind = "overrun"      // an element is larger than the one that holds it
	Missing      Kind = "missing"      // an element that the format requires
	Twice        Kind = "twice"        // an element that may be there once
	UnknownTrack Kind = "unknown-track"
	Unsupported  Kind = "unsupported" // the frames are compressed or encrypted by the container
	BadFrame     Kind = "bad-frame"   // a frame that is none of its codec
	Limit        Kind = "limit"       // more than is looked at
)

// Finding is something wrong or remarkable about a file.
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

// The types of tracks that have a name here.
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
	// Private is CodecPrivate, in hex.
	Private      string        `json:"private,omitempty"`
	Width        int           `json:"width,omitempty"` // PixelWidth
	Height       int           `json:"height,omitempty"`
	Channels     int           `json:"channels,omitempty"`
	SamplingRate float64       `json:"samplingRate,omitempty"`
	CodecDelay   time.Duration `json:"codecDelayNs,omitempty"`
	SeekPreRoll  time.Duration `json:"seekPreRollNs,omitempty"`
	// FrameLasts is DefaultDuration.
	FrameLasts time.Duration `json:"frameLastsNs,omitempty"`
	// Encoded: the container compresses or encrypts the frames; their sums are of that.
	Encoded bool `json:"encoded,omitempty"`
	// AnnexB: frames of H.264 that are split by start codes, not by length prefixes.
	AnnexB int     `json:"annexB,omitempty"`
	Frames []Frame `json:"frames,omitempty"`
	// Sizes are those that the coded pictures have, from the frame that tells them on.
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
	At    time.Duration // as written: that of the cluster and of the block, CodecDelay not taken off
	Bytes int
	Key   bool   // the container says that it is a key frame
	Intra bool   // the frame itself says so; audio always
	Laced bool   // the time was computed: it is not the first one of its block
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

// Of gives the first track of a type; ok is false when there is none.
func (r Report) Of(kind string) (t Track, ok bool) {
	for _, t := range r.Tracks {
		if t.Type == kind {
			return t, true
		}
	}
	return t, false
}

// Presented is when frame i is shown or heard: CodecDelay is taken off (RFC 9559 section 5.1.4.1.25).
func (t Track) Presented(i int) time.Duration { return t.Frames[i].At - t.CodecDelay }

// SizeAt is the size of the coded picture of frame i; zeros: no frame before told it.
func (t Track) SizeAt(i int) (width, height int) {
	for _, s := range t.Sizes {
		if s.Frame <= i {
			width, height = s.Width, s.Height
		}
	}
	return width, height
}

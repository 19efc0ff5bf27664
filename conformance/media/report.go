// Package media is the report of what an archive file says about itself and what it shows. Package forensics below writes it.
//
// A bad file never is an error: it is described by findings.
package media

import (
	"math"
	"slices"
)

// Report is what Analyze found. Times are seconds on the file's presentation timeline.
type Report struct {
	Size       int64     `json:"size"`
	Findings   []Finding `json:"findings,omitempty"`
	Boxes      []Box     `json:"boxes,omitempty"` // top level, in file order
	Brand      string    `json:"brand,omitempty"`
	MoovFirst  bool      `json:"moovFirst"` // moov precedes mdat, so playback starts while downloading
	Fragmented bool      `json:"fragmented,omitempty"`
	// Transport: it is an MPEG transport stream. What else is said of it was read from its samples in an MP4 file.
	Transport bool       `json:"transport,omitempty"`
	Tracks    []string   `json:"tracks,omitempty"`   // handler of every track: vide, soun, ...
	Duration  float64    `json:"duration,omitempty"` // of the movie header
	Video     *Video     `json:"video,omitempty"`
	Audio     *Audio     `json:"audio,omitempty"`
	Picture   *Picture   `json:"picture,omitempty"`
	Sound     *Sound     `json:"sound,omitempty"`
	Stills    []Still    `json:"stills,omitempty"`
	Tools     []ToolUsed `json:"tools,omitempty"`
}

// ToolUsed names a program the analysis relied on.
type ToolUsed struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Kind classifies a finding.
type Kind string

// The kinds of findings.
const (
	Empty       Kind = "empty"       // 0 bytes
	Broken      Kind = "broken"      // the container or a header cannot be parsed
	NoVideo     Kind = "no-video"    // no video track
	NoAudio     Kind = "no-audio"    // no audio track
	Unsupported Kind = "unsupported" // parsed, but of a kind whose facts are not read
	Undecodable Kind = "undecodable" // the decoder reported errors
	FrameCount  Kind = "frame-count" // fewer or more pictures decoded than samples in the track
	UnknownMark Kind = "unknown-mark"
)

// Finding is something wrong or remarkable about the file.
type Finding struct {
	Kind   Kind   `json:"kind"`
	Detail string `json:"detail"`
}

// Has reports whether there is a finding of the kind.
func (r Report) Has(k Kind) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Kind == k })
}

// Box is a top-level box.
type Box struct {
	Type   string `json:"type"`
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
}

// Track is what both kinds of track have.
type Track struct {
	Entry     string  `json:"entry"` // sample entry: avc1, mp4a, ...
	Codec     string  `json:"codec"` // RFC 6381: avc1.42E01F, mp4a.40.2
	Timescale int     `json:"timescale"`
	Samples   int     `json:"samples"`
	Bytes     int64   `json:"bytes"`
	Start     float64 `json:"start"`    // presentation time of the first sample, edit list applied
	Duration  float64 `json:"duration"` // sum of the sample durations
	Bitrate   int     `json:"bitrate"`  // measured, bit/s
}

// Video describes the first video track.
type Video struct {
	Track
	Width       int `json:"width"`
	Height      int `json:"height"`
	CodedWidth  int `json:"codedWidth"` // of the sequence parameter set, cropped
	CodedHeight int `json:"codedHeight"`
	// How a player shows the picture, where the file says so: its size, how much wider than high a pixel is, and that it is
	// turned, mirrored or scaled by the matrix of the track.
	ShownWidth    float64 `json:"shownWidth,omitempty"`
	ShownHeight   float64 `json:"shownHeight,omitempty"`
	PixelAspect   float64 `json:"pixelAspect,omitempty"`
	Turned        bool    `json:"turned,omitempty"`
	Profile       int     `json:"profile"`
	Constraints   int     `json:"constraints"`
	Level         int     `json:"level"`
	ChromaFormat  int     `json:"chromaFormat"` // chroma_format_idc: 1 is 4:2:0
	BitDepth      int     `json:"bitDepth"`     // of luma
	FrameRate     float64 `json:"frameRate"`
	ShortestFrame float64 `json:"shortestFrame"`
	LongestFrame  float64 `json:"longestFrame"`
	Uneven        int     `json:"uneven,omitempty"` // frames whose length is more than 1 % off the usual one
	KeyFrames     int     `json:"keyFrames"`
	KeyInterval   int     `json:"keyInterval"` // longest, in frames; the tail after the last key frame counts
	Reordered     bool    `json:"reordered"`   // composition times differ from decoding order
	BFrames       int     `json:"bFrames"`
	Arithmetic    bool    `json:"arithmetic,omitempty"` // entropy coding is CABAC
	Interlaced    bool    `json:"interlaced,omitempty"` // fields may be coded
	FalseKeys     int     `json:"falseKeys,omitempty"`  // samples that are said to be key frames and hold no IDR picture
	Slices        int     `json:"slices"`
	QP            QP      `json:"qp"`
	PerSecond     []int   `json:"perSecond"` // bit/s of each second of decoding time
}

// QP holds the quantisation parameters of all slices: 26 + pic_init_qp_minus26 + slice_qp_delta.
type QP struct {
	Min   int         `json:"min"`
	Max   int         `json:"max"`
	Mean  float64     `json:"mean"`
	Intra map[int]int `json:"intra,omitempty"` // slices of I pictures by QP
	Inter map[int]int `json:"inter,omitempty"` // slices of P and B pictures by QP
}

// Audio describes the first audio track.
type Audio struct {
	Track
	ObjectType      int `json:"objectType"` // MPEG-4 audio object type: 2 is AAC-LC
	SampleRate      int `json:"sampleRate"`
	Channels        int `json:"channels"`
	DeclaredBitrate int `json:"declaredBitrate"`
	MaxBitrate      int `json:"maxBitrate"`
}

// Span is a stretch of time.
type Span struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Rect is a rectangle in pixels of the output picture.
type Rect struct {
	X      int `json:"x"`
	Y      int `json:"y"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Near reports whether all edges are within tolerance pixels of s.
func (r Rect) Near(s Rect, tolerance int) bool {
	near := func(a, b int) bool { return a-b <= tolerance && b-a <= tolerance }
	return near(r.X, s.X) && near(r.Y, s.Y) && near(r.X+r.Width, s.X+s.Width) && near(r.Y+r.Height, s.Y+s.Height)
}

// Around is the smallest rectangle that holds both.
func (r Rect) Around(s Rect) Rect {
	x, y := min(r.X, s.X), min(r.Y, s.Y)
	return Rect{X: x, Y: y, Width: max(r.X+r.Width, s.X+s.Width) - x, Height: max(r.Y+r.Height, s.Y+s.Height) - y}
}

// Picture is what the decoded video shows.
type Picture struct {
	Width       int          `json:"width"`
	Height      int          `json:"height"`
	Frames      int          `json:"frames"`
	Appearances []Appearance `json:"appearances"`     // by time, then by stream
	Black       []Span       `json:"black,omitempty"` // the whole picture is black
	Stray       []Stray      `json:"stray,omitempty"` // something stands where no stream was recognised
	// Unread counts searched frames that hold something like a mark that cannot be read: a covered
	// or badly coded one, but now and then also a grey patch of the motion fixture.
	Unread int `json:"unread"`
}

// Stray is a stretch of time in which something that is not black stands beside all appearances, and about where.
type Stray struct {
	Span
	Rect Rect `json:"rect"`
}

// Appearance is one stream in one place for a stretch of time.
type Appearance struct {
	Stream     int     `json:"stream"` // number in the marks
	ID         string  `json:"id"`     // fixture
	Rect       Rect    `json:"rect"`   // the fixture's full picture, even where cropped or covered
	Visible    Rect    `json:"visible"`
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	Frames     int     `json:"frames"` // output frames in which its mark was read
	Unread     int     `json:"unread"` // output frames in between in which it was not
	FirstMark  int     `json:"firstMark"`
	LastMark   int     `json:"lastMark"`
	Repeated   int     `json:"repeated"`   // output frames that show the same mark as the one before
	Missing    int     `json:"missing"`    // marks passed over; a lower output rate passes over some
	LongestGap int     `json:"longestGap"` // most marks passed over at once
	// Freezes are stretches of at least FreezeFrom that show one mark.
	Freezes []Freeze `json:"freezes,omitempty"`
	// Backward counts steps to an earlier mark.
	Backward int `json:"backward"`
	// Motion is the mean change of luma outside the mark over a fifth of a second.
	Motion     float64 `json:"motion"`
	Confidence float64 `json:"confidence"` // lowest of its readings
	// Tint is how far the colour beside the mark is from the fixture's, in levels of chroma; the
	// fixtures' colours are 46 from grey.
	Tint float64 `json:"tint"`
	// Black and White are the luma of the mark's cells of these colours: 16 and 235 in the fixtures.
	Black float64 `json:"black,omitempty"`
	White float64 `json:"white,omitempty"`
	// Marred is the share of the fixture's picture, beside the mark and away from its edges, that has not its colour,
	// where all of it has one: covered, cut off or damaged, or covered by another stream.
	Marred float64 `json:"marred,omitempty"`
	Beats  []Beat  `json:"beats,omitempty"`
}

// FreezeFrom is the shortest freeze reported: more than a lost frame or two at 25 per second.
const FreezeFrom = 0.25

// Freeze is a stretch that shows one mark.
type Freeze struct {
	Span
	Mark int `json:"mark"`
}

// Beat is the passing of a whole second of fixture time: in the picture the time at which a
// mark that is a multiple of the frame rate is shown, in sound the middle of a notch.
type Beat struct {
	At float64 `json:"at"`
	// First tells the beat at the start of the fixture's loop.
	First bool `json:"first,omitempty"`
	// Width is that of the notch, 0 in a picture.
	Width float64 `json:"width,omitempty"`
}

// Sound is what the decoded audio holds.
type Sound struct {
	Duration float64    `json:"duration"`
	Tones    []ToneSpan `json:"tones"`             // by time, then by tone
	Silence  []Span     `json:"silence,omitempty"` // at least SilenceFrom below SilenceLevel
	Peak     float64    `json:"peak"`              // of full scale
}

// What counts as silence.
const (
	SilenceFrom  = 0.5
	SilenceLevel = -60.0 // dBFS
)

// ToneSpan is one tone without a break longer than a notch.
type ToneSpan struct {
	Tone int    `json:"tone"`
	ID   string `json:"id"`
	Span
	Level float64 `json:"level"` // dBFS of the sine
	Beats []Beat  `json:"beats,omitempty"`
	// Breaks are those longer than any notch.
	Breaks []Span `json:"breaks,omitempty"`
}

// Still is one decoded picture, kept for people. PNG is left out of the JSON.
type Still struct {
	At  float64 `json:"at"`
	PNG []byte  `json:"-"`
}

// OfStream gives the appearances of the stream with the number or the fixture id.
func (p *Picture) OfStream(id string) []Appearance {
	if p == nil {
		return nil
	}
	var out []Appearance
	for _, a := range p.Appearances {
		if a.ID == id {
			out = append(out, a)
		}
	}
	return out
}

// Faint is how many dB below the loudest tone of a file a span is taken for what a cut in another tone leaves in
// the analysis. Fixtures are all equally loud.
const Faint = 30

// OfTone gives the spans of the tone fixture that are not faint.
func (s *Sound) OfTone(id string) []ToneSpan {
	if s == nil {
		return nil
	}
	loudest := math.Inf(-1)
	for _, t := range s.Tones {
		loudest = max(loudest, t.Level)
	}
	var out []ToneSpan
	for _, t := range s.Tones {
		if t.ID == id && t.Level > loudest-Faint {
			out = append(out, t)
		}
	}
	return out
}

// AVOffset is by how many seconds the tone comes later than the video it was published with: the median over all
// whole seconds that both mark. The starts of the loop, if both have one, tell whole seconds apart. ok is false when
// there is no pair. A beat of sound is exact to a few milliseconds; a picture is shown on average half a source frame
// after it was taken when the output rate is not the source's, so the offset of a perfect 25 per second archive of 30
// per second streams is about -17 ms.
func (r Report) AVOffset(video, tone string) (offset float64, ok bool) {
	d := r.AVOffsets(video, tone)
	return Median(d), len(d) > 0
}

// AVOffsets are those of the single whole seconds, in order.
func (r Report) AVOffsets(video, tone string) []float64 {
	var shown, heard, firstShown, firstHeard []Beat
	for _, a := range r.Picture.OfStream(video) {
		shown = append(shown, a.Beats...)
	}
	for _, t := range r.Sound.OfTone(tone) {
		heard = append(heard, t.Beats...)
	}
	other := func(b Beat) bool { return !b.First }
	firstShown, firstHeard = slices.DeleteFunc(slices.Clone(shown), other), slices.DeleteFunc(slices.Clone(heard), other)
	whole := 0.0
	if d := offsets(firstShown, firstHeard, 0, 5); len(d) > 0 {
		whole = math.Round(Median(d))
	}
	return offsets(shown, heard, whole, 0.75)
}

// offsets are the distances from each beat heard to the shown one that is nearest to being about seconds earlier.
func offsets(shown, heard []Beat, about, within float64) []float64 {
	var out []float64
	for _, h := range heard {
		best := math.Inf(1)
		for _, s := range shown {
			if d := h.At - s.At; math.Abs(d-about) < math.Abs(best-about) {
				best = d
			}
		}
		if math.Abs(best-about) <= within {
			out = append(out, best)
		}
	}
	return out
}

func Median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Clone(v)
	slices.Sort(s)
	return s[len(s)/2]
}

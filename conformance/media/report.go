// Package media defines the report on an archive file: what the file says about itself and what it shows. Package
// forensics below writes it.
//
// A bad file is never an error; findings describe it.
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
	// Transport means that the file is an MPEG transport stream. The other facts were then read from its samples in an
	// MP4 file.
	Transport bool       `json:"transport,omitempty"`
	Tracks    []string   `json:"tracks,omitempty"`   // handler of every track: vide, soun, ...
	Duration  float64    `json:"duration,omitempty"` // in the movie header
	Video     *Video     `json:"video,omitempty"`
	Audio     *Audio     `json:"audio,omitempty"`
	Picture   *Picture   `json:"picture,omitempty"`
	Sound     *Sound     `json:"sound,omitempty"`
	Stills    []Still    `json:"stills,omitempty"`
	Tools     []ToolUsed `json:"tools,omitempty"`
}

// ToolUsed names a program that the analysis used.
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
	FrameCount  Kind = "frame-count" // not as many pictures decoded as there are samples in the track
	UnknownMark Kind = "unknown-mark"
)

// Finding is something wrong or unusual about the file.
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

// Track holds what audio and video tracks have in common.
type Track struct {
	Entry     string  `json:"entry"` // sample entry: avc1, mp4a, ...
	Codec     string  `json:"codec"` // RFC 6381: avc1.42E01F, mp4a.40.2
	Timescale int     `json:"timescale"`
	Samples   int     `json:"samples"`
	Bytes     int64   `json:"bytes"`
	Start     float64 `json:"start"`    // presentation time of the first sample, after the edit list
	Duration  float64 `json:"duration"` // sum of the sample durations
	Bitrate   int     `json:"bitrate"`  // measured, bit/s
}

// Video describes the first video track.
type Video struct {
	Track
	Width       int `json:"width"`
	Height      int `json:"height"`
	CodedWidth  int `json:"codedWidth"` // from the sequence parameter set, cropped
	CodedHeight int `json:"codedHeight"`
	// How a player shows the picture, if the file says so: its size, the width of a pixel relative to its height, and
	// whether the track's matrix rotates, mirrors or scales it.
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
	Uneven        int     `json:"uneven,omitempty"` // frames whose length differs from the usual one by more than 1 %
	KeyFrames     int     `json:"keyFrames"`
	KeyInterval   int     `json:"keyInterval"` // longest, in frames, including the tail after the last key frame
	Reordered     bool    `json:"reordered"`   // composition times differ from decoding order
	BFrames       int     `json:"bFrames"`
	Arithmetic    bool    `json:"arithmetic,omitempty"` // entropy coding is CABAC
	Interlaced    bool    `json:"interlaced,omitempty"` // pictures may be coded as fields
	FalseKeys     int     `json:"falseKeys,omitempty"`  // samples marked as key frames that hold no IDR picture
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

// Near reports whether each edge is within tolerance pixels of that of s.
func (r Rect) Near(s Rect, tolerance int) bool {
	near := func(a, b int) bool { return a-b <= tolerance && b-a <= tolerance }
	return near(r.X, s.X) && near(r.Y, s.Y) && near(r.X+r.Width, s.X+s.Width) && near(r.Y+r.Height, s.Y+s.Height)
}

// Around returns the smallest rectangle that holds both.
func (r Rect) Around(s Rect) Rect {
	x, y := min(r.X, s.X), min(r.Y, s.Y)
	return Rect{X: x, Y: y, Width: max(r.X+r.Width, s.X+s.Width) - x, Height: max(r.Y+r.Height, s.Y+s.Height) - y}
}

// Picture is what the decoded video shows.
type Picture struct {
	Width       int          `json:"width"`
	Height      int          `json:"height"`
	Frames      int          `json:"frames"`
	Appearances []Appearance `json:"appearances"`      // by time, then by stream
	Black       []Span       `json:"black,omitempty"`  // times in which the whole picture is black
	Stray       []Stray      `json:"stray,omitempty"`  // times in which something is seen where no stream was recognised
	Turned      []Turned     `json:"turned,omitempty"` // times in which a stream is mirrored, or upside down
	// Unread is the number of searched frames with something like a mark that cannot be read. It is a covered or badly
	// coded mark or, now and then, a grey patch of the motion fixture.
	Unread int `json:"unread"`
}

// Stray is a stretch of time in which something that is not black is seen outside of all appearances, and about where.
type Stray struct {
	Span
	Rect Rect `json:"rect"`
}

// Turned is a stretch of time in which a stream is seen turned over. It does not count as an appearance.
type Turned struct {
	Span
	ID  string `json:"id"`  // id of the fixture
	How string `json:"how"` // mirrored or upside down
}

// Appearance is one stream in one place for a stretch of time.
type Appearance struct {
	Stream     int     `json:"stream"` // stream number in the marks
	ID         string  `json:"id"`     // id of the fixture
	Rect       Rect    `json:"rect"`   // the fixture's full picture, even if cropped or covered
	Visible    Rect    `json:"visible"`
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	Frames     int     `json:"frames"` // output frames in which its mark was read
	Unread     int     `json:"unread"` // output frames in between in which it was not
	FirstMark  int     `json:"firstMark"`
	LastMark   int     `json:"lastMark"`
	Repeated   int     `json:"repeated"`   // output frames with the same mark as the one before
	Missing    int     `json:"missing"`    // marks that were skipped; a lower output rate skips some
	LongestGap int     `json:"longestGap"` // most marks skipped at once
	// Freezes are stretches of at least FreezeFrom seconds with one mark.
	Freezes []Freeze `json:"freezes,omitempty"`
	// Backward is the number of steps to an earlier mark.
	Backward int `json:"backward"`
	// Motion is the mean change of luma outside the mark over a fifth of a second.
	Motion     float64 `json:"motion"`
	Confidence float64 `json:"confidence"` // the lowest of its readings
	// Tint is the distance of the colour beside the mark from the fixture's, in levels of chroma. The fixtures' colours
	// are 46 from grey.
	Tint float64 `json:"tint"`
	// Black and White are the luma of the mark's black and white cells: 16 and 235 in the fixtures.
	Black float64 `json:"black,omitempty"`
	White float64 `json:"white,omitempty"`
	// Marred is the share of the fixture's picture with a wrong colour, outside the mark and away from the edges. It is
	// only known for fixtures with one colour. A marred part is covered, cut off or damaged.
	Marred float64 `json:"marred,omitempty"`
	Beats  []Beat  `json:"beats,omitempty"`
}

// FreezeFrom is the shortest reported freeze, in seconds: more than a lost frame or two at 25 per second. It is no limit,
// but what the forensics can tell.
const FreezeFrom = 0.25

// Freeze is a stretch of time that shows one mark.
type Freeze struct {
	Span
	Mark int `json:"mark"`
}

// Beat is the moment at which a whole second of fixture time passes. In the picture a mark is then shown that is a
// multiple of the frame rate; in the sound it is the middle of a notch.
type Beat struct {
	At float64 `json:"at"`
	// First marks the beat at the start of the fixture's loop.
	First bool `json:"first,omitempty"`
	// Width is the width of the notch in seconds, 0 in a picture.
	Width float64 `json:"width,omitempty"`
}

// Sound is what the decoded audio holds.
type Sound struct {
	Duration float64    `json:"duration"`
	Tones    []ToneSpan `json:"tones"`             // by time, then by tone
	Silence  []Span     `json:"silence,omitempty"` // at least SilenceFrom seconds below SilenceLevel
	Peak     float64    `json:"peak"`              // relative to full scale
}

// What is reported as silence. No check looks at it.
const (
	SilenceFrom  = 0.5
	SilenceLevel = -60.0 // dBFS
)

// ToneSpan is one tone without a break longer than a notch.
type ToneSpan struct {
	Tone int    `json:"tone"`
	ID   string `json:"id"`
	Span
	Level float64 `json:"level"` // dBFS of the sine wave
	Beats []Beat  `json:"beats,omitempty"`
	// Breaks are those that are longer than any notch.
	Breaks []Span `json:"breaks,omitempty"`
}

// Still is one decoded picture for people to look at. PNG is not part of the JSON.
type Still struct {
	At  float64 `json:"at"`
	PNG []byte  `json:"-"`
}

// OfStream returns the appearances of the stream with that number or fixture id.
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

// Faint is the number of dB below the loudest tone from which on a span counts as a trace of a cut in another tone. All
// fixtures are equally loud. It is no limit, but what the forensics can tell.
const Faint = 30

// OfTone returns the spans of the tone fixture, without faint ones.
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

// Lasts returns the end of the last track, in seconds.
func (r Report) Lasts() (end float64) {
	if r.Video != nil {
		end = r.Video.Start + r.Video.Duration
	}
	if r.Audio != nil {
		end = max(end, r.Audio.Start+r.Audio.Duration)
	}
	return end
}

// Plays returns for how many seconds a player has something to show: up to the end that the movie header tells, or that of
// the last track if that is sooner.
func (r Report) Plays() float64 {
	if last := r.Lasts(); last > 0 {
		return min(r.Duration, last)
	}
	return r.Duration
}

// AVOffsets returns the delay of the tone behind the video that it was published with, in seconds, for each whole second that
// both show, in order. Whole seconds are matched by the starts of the loop if both have one. A beat of sound is exact to
// a few milliseconds. If the output rate differs from the source's, a picture is shown half a source frame after it was taken
// on average, so the offset of a perfect archive with 25 pictures per second of streams with 30 is about -17 ms.
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
	if d := offsets(firstShown, firstHeard, 0, halfLoop); len(d) > 0 {
		whole = math.Round(Median(d))
	}
	return offsets(shown, heard, whole, sameSecond)
}

// Distances in seconds within which two beats are a pair. They limit no offset: a beat that is farther away has a nearer partner.
const (
	halfLoop   = 5
	sameSecond = 0.75
)

// offsets returns the distance of each heard beat from a shown one: the one that is nearest to being about seconds
// earlier.
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

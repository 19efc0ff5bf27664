package forensics

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"

	"reelcheck/conformance/media"
	"reelcheck/fixtures"
)

const (
	rate   = 48000
	window = rate / 10
	// hop is the number of samples for which envelopes have one value. Four hops are 1/120 s. A sum over that time is
	// blind to every other tone, because tones are 120 Hz apart.
	hop = 100
	// Tones weaker than faintest, or weaker by more than range than the strongest within reach windows, count as noise. A break in a tone has
	// a little of every frequency, and nothing stronger beside it.
	faintest  = -66.0
	toneRange = 18.0
	reach     = 3
	// bridge is the longest break, in seconds, within one span: the notch at the start of a loop and two windows.
	bridge = 0.35
)

// listen decodes the audio and fills Sound.
func listen(ctx context.Context, path string, o Options, r *media.Report) error {
	e := newEar(o.Fixtures.Tones)
	args := []string{
		"-copyts", "-i", path, "-map", "0:a:0", "-vn", "-sn", "-dn",
		"-af", "aresample=48000:async=1:first_pts=0", "-ac", "1", "-threads", "1", "-f", "s16le", "pipe:1",
	}
	complaint, err := decode(ctx, o.FFmpeg, args, func(out io.Reader) error {
		buf := make([]byte, hop*2)
		in := bufio.NewReaderSize(out, 1<<16)
		for {
			if _, err := io.ReadFull(in, buf); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			} else if err != nil {
				return err
			}
			e.block(buf)
		}
	})
	if err != nil {
		return err
	}
	if complaint != "" {
		note(r, media.Undecodable, "audio: %s", complaint)
	}
	r.Sound = e.finish(o.Fixtures)
	return nil
}

// ear keeps, for each tone, one complex sum per hop, in windows of a tenth of a second. It drops the sums of windows in
// and around which the tone is absent, so that memory grows only with what is heard. Levels and envelopes are both
// computed from these sums.
type ear struct {
	tones  []fixtures.Tone
	step   []complex128 // rotation per sample
	phase  []complex128
	sums   [][][]complex64 // per tone and window, one per hop; nil if dropped
	levels [][]float64     // per tone and whole window, dBFS
	power  []float32       // per hop
	peak   float64
}

// onset is the number of hops for which an envelope that has just risen may fall again.
const onset = rate / hop / 50

const hops = window / hop // in a window

func newEar(tones []fixtures.Tone) *ear {
	n := len(tones)
	e := &ear{tones: tones, step: make([]complex128, n), phase: make([]complex128, n), sums: make([][][]complex64, n), levels: make([][]float64, n)}
	for i, t := range tones {
		sin, cos := math.Sincos(-2 * math.Pi * float64(t.Frequency) / rate)
		e.step[i], e.phase[i] = complex(cos, sin), 1
	}
	return e
}

// block adds one hop of samples.
func (e *ear) block(b []byte) {
	var x [hop]float64
	power := 0.0
	for i := range x {
		x[i] = float64(int16(binary.LittleEndian.Uint16(b[i*2:]))) / 32768
		power += x[i] * x[i]
		e.peak = max(e.peak, math.Abs(x[i]))
	}
	e.power = append(e.power, float32(power/hop))
	for k := range e.tones {
		e.add(k, e.correlate(k, &x))
	}
}

// correlate returns the sum of a hop against the oscillator of tone k. The oscillator runs on from hop to hop, so that
// the sums of neighbouring hops can be added.
func (e *ear) correlate(k int, x *[hop]float64) complex64 {
	re, im := 0.0, 0.0
	pr, pi := real(e.phase[k]), imag(e.phase[k])
	sr, si := real(e.step[k]), imag(e.step[k])
	for _, v := range x {
		re += v * pr
		im += v * pi
		pr, pi = pr*sr-pi*si, pr*si+pi*sr
	}
	size := math.Hypot(pr, pi)
	e.phase[k] = complex(pr/size, pi/size)
	return complex64(complex(re, im))
}

// add appends a sum. When that completes a window, it computes the tone's level in it.
func (e *ear) add(k int, sum complex64) {
	if (len(e.power)-1)%hops == 0 {
		e.sums[k] = append(e.sums[k], make([]complex64, 0, hops))
	}
	i := len(e.sums[k]) - 1
	e.sums[k][i] = append(e.sums[k][i], sum)
	if len(e.sums[k][i]) < hops {
		return
	}
	e.levels[k] = append(e.levels[k], level(e.sums[k][i]))
	absent := func(j int) bool { return j < 0 || e.levels[k][j] < faintest }
	if i > 0 && absent(i) && absent(i-1) && absent(i-2) {
		e.sums[k][i-1] = nil
	}
}

// sum returns the sum of tone k in hop i, or 0 if it was dropped or does not exist.
func (e *ear) sum(k, i int) complex128 {
	if i < 0 || i/hops >= len(e.sums[k]) || i%hops >= len(e.sums[k][i/hops]) {
		return 0
	}
	return complex128(e.sums[k][i/hops][i%hops])
}

// level returns the amplitude of a tone in dBFS over consecutive hops, under a Hann window.
func level(sums []complex64) float64 {
	var sum complex128
	weights := 0.0
	for i, s := range sums {
		w := 1 - math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(sums)))
		sum += complex128(s) * complex(w, 0)
		weights += w * hop
	}
	amplitude := 2 * math.Hypot(real(sum), imag(sum)) / weights
	return 20 * math.Log10(max(amplitude, 1e-9))
}

func (e *ear) finish(m fixtures.Manifest) *media.Sound {
	s := &media.Sound{Duration: millis(float64(len(e.power)*hop) / rate), Peak: math.Round(e.peak*1000) / 1000}
	strongest := e.strongest()
	for k := range e.tones {
		s.Tones = append(s.Tones, e.spans(k, strongest, m)...)
	}
	slices.SortStableFunc(s.Tones, func(a, b media.ToneSpan) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Tone, b.Tone)) })
	s.Silence = e.silence()
	return s
}

// strongest returns, for each window, the level of the strongest tone within reach.
func (e *ear) strongest() []float64 {
	out := make([]float64, len(e.power)/hops)
	for i := range out {
		out[i] = math.Inf(-1)
		for _, levels := range e.levels {
			out[i] = max(out[i], slices.Max(levels[max(0, i-reach):min(len(out), i+reach+1)]))
		}
	}
	return out
}

// spans joins the windows in which tone k is present and refines their ends with the envelope.
func (e *ear) spans(k int, strongest []float64, m fixtures.Manifest) []media.ToneSpan {
	const width = float64(window) / rate
	var out []media.ToneSpan
	var heard []float64
	flush := func() {
		if n := len(out); n > 0 {
			out[n-1].Level = math.Round(media.Median(heard)*10) / 10
			heard = nil
			e.sharpen(k, &out[n-1], m.Notch)
		}
	}
	for i, l := range e.levels[k] {
		if l < faintest || l < strongest[i]-toneRange {
			continue
		}
		from, to := float64(i)*width, float64(i+1)*width
		if n := len(out); n == 0 || from-out[n-1].To > bridge {
			flush()
			out = append(out, media.ToneSpan{Tone: e.tones[k].Tone, ID: e.tones[k].ID, Span: media.Span{From: from, To: to}})
		}
		out[len(out)-1].To = to
		heard = append(heard, l)
	}
	flush()
	return slices.DeleteFunc(out, func(t media.ToneSpan) bool { return t.To-t.From < 2*width })
}

// envelope returns the amplitude of tone k around hop i over 1/60 s, weighted by a triangle.
func (e *ear) envelope(k, i int) float64 {
	var sum complex128
	for d, w := range [...]float64{1, 2, 3, 4, 3, 2, 1} {
		sum += e.sum(k, i+d-3) * complex(w, 0)
	}
	return 2 * math.Hypot(real(sum), imag(sum)) / (16 * hop)
}

// sharpen moves the ends of the span to where the envelope passes half the level, and finds the notches between them.
func (e *ear) sharpen(k int, t *media.ToneSpan, notch fixtures.Notch) {
	const perSecond = rate / hop
	half := math.Pow(10, t.Level/20) / 2
	first, last := max(int(t.From*perSecond)-48, 0), min(int(t.To*perSecond)+48, len(e.power)-1)
	for first < last && e.envelope(k, first) < half {
		first++
	}
	for last > first && e.envelope(k, last) < half {
		last--
	}
	// The middle of hop i is at i+0.5.
	t.From, t.To = millis((float64(first)+0.5)/perSecond), millis((float64(last)+0.5)/perSecond)
	if first == 0 {
		t.From = 0
	}
	began := -1.0
	prev := e.envelope(k, first)
	for i := first + 1; i <= last; i++ {
		v := e.envelope(k, i)
		if prev >= half && v < half {
			began = float64(i-1) + (prev-half)/(prev-v)
		}
		if prev < half && v >= half && began >= float64(first+onset) {
			ended := float64(i-1) + (half-prev)/(v-prev)
			addBeat(t, began/perSecond, ended/perSecond, notch)
		}
		prev = v
	}
}

// addBeat adds a break that is about as wide as a notch as a beat, and a longer one as a break.
func addBeat(t *media.ToneSpan, from, to float64, notch fixtures.Notch) {
	width := (to - from) * 1000
	if width > notch.FirstMS*1.5 {
		t.Breaks = append(t.Breaks, media.Span{From: millis(from), To: millis(to)})
	}
	middle := (notch.WidthMS + notch.FirstMS) / 2
	if width < notch.WidthMS/2 || width > notch.FirstMS*1.5 {
		return
	}
	at := (from+to)/2 + 0.5*hop/rate
	t.Beats = append(t.Beats, media.Beat{At: millis(at), First: width > middle, Width: millis(to - from)})
}

// silence returns the stretches below SilenceLevel.
func (e *ear) silence() []media.Span {
	var out []media.Span
	limit := math.Pow(10, media.SilenceLevel/10)
	for i := 0; i+hops <= len(e.power); i += hops {
		sum := 0.0
		for _, p := range e.power[i : i+hops] {
			sum += float64(p)
		}
		if sum/hops > limit {
			continue
		}
		from, to := millis(float64(i*hop)/rate), millis(float64((i+hops)*hop)/rate)
		if n := len(out); n > 0 && out[n-1].To == from {
			out[n-1].To = to
		} else {
			out = append(out, media.Span{From: from, To: to})
		}
	}
	return slices.DeleteFunc(out, func(s media.Span) bool { return s.To-s.From < media.SilenceFrom-1e-6 })
}

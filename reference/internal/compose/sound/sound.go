// Package sound decodes the audio of streams and mixes it.
package sound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"github.com/pion/opus"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
	"reelcheck/reference/internal/journal"
)

const (
	// BlockSamples is the number of samples in one frame of the output.
	BlockSamples = int64(av.BlockSamples)
	// Jitter is the largest distance of a packet's time from the end of its predecessor at which the packet still
	// follows it without a seam.
	Jitter = 40 * time.Millisecond
	// lost is the smallest gap, by the packets' own times, that means a missing packet. It is larger than the error from
	// mapping clocks to each other.
	lost = 10 * time.Millisecond
	// A packet that follows without a seam makes up for 1/catchUp of the time by which it is early or late: it becomes
	// longer or shorter by at most 1/stretch of its length. So clocks may drift for hours without an audible correction.
	catchUp = 50
	stretch = 480
	// fadeSamples is the length of the fades before and after a gap.
	fadeSamples = av.SampleRate / 200
	// packetsAhead limits the decoded packets of a stream that wait to be mixed. The shortest packets last 2.5 ms, so
	// the queue always has room for a block and its jitter.
	packetsAhead = 100
	maxPacket    = av.SampleRate * 120 / 1000
)

// SamplesAt converts an instant to the number of a sample on the media clock.
func SamplesAt(t av.Instant) int64 { return av.Ticks(time.Duration(t), av.SampleRate) }

// pcm is a decoded packet with its place on the timeline.
type pcm struct {
	time    av.Instant
	start   int64 // number of its first sample
	samples []float32
}

// Stream decodes one stream to mono.
type Stream struct {
	ID  string
	Log *slog.Logger

	mu      await.Mutex // guards the fields below
	queue   []pcm
	next    int64      // end of the last packet that was placed
	due     av.Instant // capture time of the packet after it, if none is missing
	reached av.Instant // every packet before it was queued
	ended   bool
	last    float32 // the last mixed sample
	fade    int64   // samples of the current fade so far
}

// Run decodes the stream's audio from the journal until the log or ctx ends.
func (a *Stream) Run(ctx context.Context, r *journal.Reader) (err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	decoder, err := opus.NewDecoderWithOutput(av.SampleRate, 1)
	if err != nil {
		return err
	}
	buf := make([]float32, maxPacket)
	for {
		it, err := r.Next(ctx)
		var torn *journal.TornError
		switch {
		case errors.Is(err, io.EOF):
			a.mu.Update(func() { a.ended = true })
			return nil
		case errors.As(err, &torn):
			a.Log.Warn("journal is damaged", "stream", a.ID, "error", err)
			continue
		case err != nil:
			return err
		}
		a.mu.Update(func() { a.reached = max(a.reached, it.Time) })
		if it.Mark {
			continue
		}
		n, err := decode(&decoder, it.Data, buf)
		if err != nil { // what cannot be decoded leaves a gap
			a.Log.Debug("opus packet not decoded", "stream", a.ID, "error", err)
			continue
		}
		if err := a.place(ctx, it.Time, buf[:n]); err != nil {
			return err
		}
	}
}

// decode decodes a packet and turns a panic of the decoder into an error: packets may be hostile.
func decode(d *opus.Decoder, packet []byte, out []float32) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, fmt.Errorf("opus decoder: %v", r)
		}
	}()
	if len(packet) == 0 {
		return 0, errors.New("empty opus packet")
	}
	n, err = d.DecodeToFloat32(packet, out)
	for i, x := range out[:n] {
		if x != x || math.IsInf(float64(x), 0) {
			out[i] = 0
		}
		out[i] = min(max(out[i], -2), 2)
	}
	return n, err
}

// place waits for room and queues a packet. The packet begins right after its predecessor if its time is close to that,
// otherwise at its own time, without the part that would overlap.
func (a *Stream) place(ctx context.Context, t av.Instant, samples []float32) error {
	return a.mu.Until(ctx, func() bool {
		if len(a.queue) >= packetsAhead {
			return false
		}
		a.mu.Wake()
		start, tolerance := SamplesAt(t), av.Ticks(Jitter, av.SampleRate)
		missing := t.Sub(a.due) >= lost
		a.due = t.Add(av.Duration(int64(len(samples)), av.SampleRate))
		switch late := a.next - start; {
		case !missing && late <= tolerance && late >= -tolerance: // ARC-COMP-24
			samples, start = drift(samples, late), a.next
		case late >= int64(len(samples)):
			return true
		case late > 0:
			samples, start = samples[late:], a.next
		}
		a.next = start + int64(len(samples))
		a.queue = append(a.queue, pcm{t, start, append([]float32(nil), samples...)})
		return true
	})
}

// drift makes a packet that is late (in samples) a little shorter, and one that is early a little longer.
func drift(samples []float32, late int64) []float32 {
	n := int64(len(samples))
	most := max(1, n/stretch)
	by := max(-most, min(most, late/catchUp))
	if by == 0 || n < stretch/4 {
		return samples
	}
	out := make([]float32, n-by)
	step := float64(n-1) / float64(len(out)-1)
	for i := range out {
		at, part := math.Modf(float64(i) * step)
		x := samples[int(at)]
		if int(at)+1 < len(samples) {
			x += float32(part) * (samples[int(at)+1] - x)
		}
		out[i] = x
	}
	return out
}

// Mix adds the samples from number start on to out. It waits until all packets before limit are there; only these count.
func (a *Stream) Mix(ctx context.Context, start int64, limit av.Instant, out []float32) error {
	end := start + int64(len(out))
	return a.mu.Until(ctx, func() bool {
		if !a.ended && a.reached < limit && a.next < end {
			return false
		}
		a.mu.Wake()
		at := start
		for len(a.queue) > 0 && a.queue[0].time < limit && a.queue[0].start < end {
			p := a.queue[0]
			if stop := p.start + int64(len(p.samples)); stop > at {
				a.silence(out[at-start : max(at, p.start)-start])
				at = max(at, p.start)
				a.sound(out[at-start:min(stop, end)-start], p.samples[at-p.start:])
				at = min(stop, end)
				if stop > end {
					break
				}
			}
			a.queue = a.queue[1:]
		}
		a.silence(out[at-start:])
		return true
	})
}

// Pass drops the packets that begin before sample number start, without waiting for any. It reports whether no more will
// come.
func (a *Stream) Pass(start int64) (over bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	dropped := false
	for len(a.queue) > 0 && a.queue[0].start < start {
		a.queue, dropped = a.queue[1:], true
	}
	if dropped {
		a.mu.Wake()
	}
	return a.ended && len(a.queue) == 0
}

// sound adds a piece of a packet. After silence it fades in over fadeSamples.
func (a *Stream) sound(out, samples []float32) {
	for i := range out {
		x := samples[i]
		if a.fade > 0 {
			x *= 1 - float32(a.fade)/fadeSamples
			a.fade--
		}
		out[i] += x
		a.last = x
	}
}

// silence fills a gap by fading out from the last sample (ARC-COMP-29).
func (a *Stream) silence(out []float32) {
	for i := range out {
		if a.fade < fadeSamples {
			a.fade++
		}
		if a.last == 0 {
			continue
		}
		if a.last *= 0.98; a.last < 1e-5 && a.last > -1e-5 {
			a.last = 0
		}
		out[i] += a.last
	}
}

// SoftClip keeps the sum of many voices within full scale. It changes nothing below the knee, and follows tanh above it.
func SoftClip(samples []float32) {
	const knee = 0.8
	for i, x := range samples {
		if x > knee || x < -knee {
			over := math.Abs(float64(x)) - knee
			samples[i] = float32(math.Copysign(knee+(1-knee)*math.Tanh(over/(1-knee)), float64(x)))
		}
	}
}

package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/pion/opus"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose/ffmpeg"
	"reelcheck/reference/internal/journal"
)

const (
	blockSamples = int64(ffmpeg.SampleRate / ffmpeg.FrameRate)
	// jitter is how far a packet's time may be from the end of its predecessor and still follow it without a seam.
	jitter = 40 * time.Millisecond
	// fadeSamples is how long the signal takes to die away before a gap and to come back after it.
	fadeSamples = ffmpeg.SampleRate / 200
	// packetsAhead bounds the decoded packets of a stream that wait to be mixed. The shortest packets last 2.5 ms: the
	// queue always holds more than a block and its jitter.
	packetsAhead = 100
	maxPacket    = ffmpeg.SampleRate * 120 / 1000
)

// samplesAt numbers the samples of the media clock.
func samplesAt(t av.Instant) int64 { return av.Ticks(time.Duration(t), ffmpeg.SampleRate) }

// pcm is a decoded packet in its place.
type pcm struct {
	time    av.Instant
	start   int64 // number of its first sample
	samples []float32
}

// audio decodes one stream, mono.
type audio struct {
	stream string
	log    *slog.Logger

	mu      sync.Mutex // guards the rest
	queue   []pcm
	next    int64      // end of the packet placed last
	reached av.Instant // every packet before it was queued
	ended   bool
	last    float32 // the sample mixed last
	fade    int64   // how many samples of its dying away were mixed
	changed chan struct{}
}

// run decodes the stream's audio from the journal until the log ends or ctx does.
func (a *audio) run(ctx context.Context, r *journal.Reader) (err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	decoder, err := opus.NewDecoderWithOutput(ffmpeg.SampleRate, 1)
	if err != nil {
		return err
	}
	buf := make([]float32, maxPacket)
	for {
		it, err := r.Next(ctx)
		var torn *journal.TornError
		switch {
		case errors.Is(err, io.EOF):
			return a.await(ctx, func() bool { a.ended = true; return true })
		case errors.As(err, &torn):
			a.log.Warn("journal is damaged", "stream", a.stream, "err", err)
			continue
		case err != nil:
			return err
		}
		if err := a.await(ctx, func() bool { a.reached = max(a.reached, it.Time); return true }); err != nil {
			return err
		}
		if it.Mark {
			continue
		}
		n, err := decode(&decoder, it.Data, buf)
		if err != nil { // what could not be decoded is a gap like any other
			a.log.Debug("opus packet not decoded", "stream", a.stream, "err", err)
			continue
		}
		if err := a.place(ctx, it.Time, buf[:n]); err != nil {
			return err
		}
	}
}

// decode guards against what a hostile packet makes the decoder do.
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

// place queues a packet, waiting for room: right after its predecessor when its time is about that, else where its
// time says, without what would overlap.
func (a *audio) place(ctx context.Context, t av.Instant, samples []float32) error {
	return a.await(ctx, func() bool {
		if len(a.queue) >= packetsAhead {
			return false
		}
		start := samplesAt(t)
		late := a.next - start
		switch tolerance := av.Ticks(jitter, ffmpeg.SampleRate); {
		case late <= tolerance && late >= -tolerance:
			start = a.next
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

// mix adds the samples from number start on to out. Only packets before limit count, and it waits until they are there.
func (a *audio) mix(ctx context.Context, start int64, limit av.Instant, out []float32) error {
	end := start + int64(len(out))
	return a.await(ctx, func() bool {
		if !a.ended && a.reached < limit && a.next < end {
			return false
		}
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

// pass drops packets that begin before sample number start without waiting for any, and reports whether there will be
// no more.
func (a *audio) pass(start int64) (over bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	dropped := false
	for len(a.queue) > 0 && a.queue[0].start < start {
		a.queue, dropped = a.queue[1:], true
	}
	if dropped && a.changed != nil {
		close(a.changed)
		a.changed = nil
	}
	return a.ended && len(a.queue) == 0
}

// sound adds a piece of a packet; after silence it rises within fadeSamples.
func (a *audio) sound(out, samples []float32) {
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

// silence conceals a gap: the last value dies away.
func (a *audio) silence(out []float32) {
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

func (a *audio) await(ctx context.Context, done func() bool) error {
	for {
		a.mu.Lock()
		ok := done()
		if ok && a.changed != nil {
			close(a.changed)
			a.changed = nil
		}
		if !ok && a.changed == nil {
			a.changed = make(chan struct{})
		}
		changed := a.changed
		a.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// softClip keeps the sum of many voices within full scale: nothing happens below the knee, above it tanh takes over.
func softClip(samples []float32) {
	const knee = 0.8
	for i, x := range samples {
		if x > knee || x < -knee {
			over := math.Abs(float64(x)) - knee
			samples[i] = float32(math.Copysign(knee+(1-knee)*math.Tanh(over/(1-knee)), float64(x)))
		}
	}
}

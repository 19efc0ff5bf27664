package merge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sync/errgroup"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/movie"
	"reelcheck/reference/internal/mux/mp4"
	"reelcheck/reference/internal/tools/merge/align"
	"reelcheck/reference/internal/tools/merge/splice"
)

// convert runs a child from one end to the other.
func (j *joiner) convert(ctx context.Context, input func(io.Writer) error, output func(io.Reader) error, args ...string) error {
	child, err := j.FFmpeg.Convert(ctx, args...)
	if err != nil {
		return err
	}
	var g errgroup.Group
	end := func(err error) error { // one end that fails takes the other with it
		if err != nil {
			child.Kill()
		}
		return err
	}
	g.Go(func() error {
		err := input(child)
		if errors.Is(err, syscall.EPIPE) { // it has seen enough, or says itself what is wrong
			err = nil
		}
		return end(errors.Join(err, child.CloseInput()))
	})
	g.Go(func() error { return end(output(child)) })
	return errors.Join(g.Wait(), child.Wait(), ctx.Err())
}

// clip writes samples as a file of their own that is presented as it is.
func clip(ctx context.Context, m *movie.Movie, t *movie.Track, first, last int) func(io.Writer) error {
	samples := t.Samples[first:last]
	return func(w io.Writer) error {
		return mp4.Write(ctx, w, []mp4.Output{{
			Timescale:    t.Timescale,
			Runs:         []mp4.Run{{Data: m.Data, Samples: samples, Later: -samples[0].DTS}},
			Descriptions: []mp4.Description{mp4.Describe(t)},
		}}, nil)
	}
}

var fromClip = []string{"-f", "mp4", "-i", "pipe:0"}

// view is a piece of a recording as it looks, reduced, one picture every interval from composition time start on.
type view struct {
	start    int64
	pictures [][]byte
}

// look decodes what is presented between two composition times.
func (j *joiner) look(ctx context.Context, p *part, from, to int64) (view, error) {
	t := p.video.track
	head := t.IDRBefore(from)
	tail := head
	var times []int64
	for i := head; i < len(t.Samples); i++ {
		if t.Samples[i].PTS() < to {
			tail = i + 1
		}
	}
	for _, s := range t.Samples[head:tail] {
		times = append(times, s.PTS())
	}
	slices.Sort(times)
	skip, _ := slices.BinarySearch(times, from-t.Interval()/2)
	times = times[skip:]
	var pictures [][]byte
	args := append(slices.Clone(fromClip), "-map", "0:v:0", "-vf",
		fmt.Sprintf(`select=gte(n\,%d),scale=%d:%d:flags=area,format=gray`, skip, align.PictureWidth, align.PictureHeight),
		"-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	if tail == head {
		return view{}, nil
	}
	err := j.convert(ctx, clip(ctx, p.Movie, t, head, tail), func(r io.Reader) error {
		for {
			b := make([]byte, align.PictureSize)
			if _, err := io.ReadFull(r, b); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			pictures = append(pictures, b)
		}
	}, args...)
	if err != nil {
		return view{}, fmt.Errorf("decoding pictures of %s: %w", p.Name, err)
	}
	if len(pictures) != len(times) {
		j.Log.Warn("pictures are damaged and not used to find the overlap", "file", p.Name, "decoded", len(pictures), "of", len(times))
		return view{}, nil
	}
	return grid(times, pictures, from, to, t.Interval()), nil
}

// grid holds every picture until the next one.
func grid(times []int64, pictures [][]byte, from, to, interval int64) view {
	shown, _ := slices.BinarySearch(times, from-interval/2)
	if shown == len(times) {
		return view{}
	}
	v := view{start: times[shown]}
	for at := v.start; at < to; at += interval {
		for shown+1 < len(times) && times[shown+1] <= at+interval/2 {
			shown++
		}
		v.pictures = append(v.pictures, pictures[shown])
	}
	return v
}

// warm is how many packets a decoder of sound is given before those that are wanted.
const warm = 2

// packets returns the packets that sound within two times of the track.
func packets(t *movie.Track, from, to int64) (first, last int) {
	return max(0, t.SampleAt(from-splice.Frame+1)-warm), min(len(t.Samples), t.SampleAt(to)+1)
}

// hear decodes the sound between two times, mixed to so many channels, and hands it on as it comes, with the time at which it begins.
func (j *joiner) hear(ctx context.Context, p *part, from, to int64, channels int, take func(start int64, samples []float32)) error {
	t := p.audio.track
	first, last := packets(t, from, to)
	if last <= first {
		return nil
	}
	at := t.Samples[first].DTS
	args := append(slices.Clone(fromClip), "-map", "0:a:0", "-ac", strconv.Itoa(channels), "-f", "f32le", "pipe:1")
	err := j.convert(ctx, clip(ctx, p.Movie, t, first, last), func(r io.Reader) error {
		raw := make([]byte, 4*channels*splice.Frame)
		for {
			n, err := io.ReadFull(r, raw)
			if n > 0 && at >= from-splice.Frame {
				take(at, av.Floats(raw[:n]))
			}
			at += int64(n / 4 / channels)
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	}, args...)
	if err != nil {
		return fmt.Errorf("decoding sound of %s: %w", p.Name, err)
	}
	return nil
}

// sound decodes the sound between two times and keeps it.
func (j *joiner) sound(ctx context.Context, p *part, from, to int64, channels int) (splice.Sound, error) {
	s := splice.Sound{Channels: channels, Start: from}
	err := j.hear(ctx, p, from, to, channels, func(start int64, samples []float32) {
		if s.Samples == nil {
			s.Start = start
		}
		s.Samples = append(s.Samples, samples...)
	})
	return s, err
}

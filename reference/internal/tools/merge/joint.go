package merge

import (
	"context"
	"errors"
	"math"
	"time"

	"reelcheck/reference/internal/mux/movie"
	"reelcheck/reference/internal/tools/merge/splice"
)

// join decides what of two recordings is used, and codes again what must be.
func (j *joiner) join(ctx context.Context, a, b *part) (Joint, error) {
	o, err := j.compare(ctx, a, b)
	if err != nil {
		return Joint{}, err
	}
	joint := Joint{A: a.Name, B: b.Name, Picture: o.Picture, Sound: o.Sound, Ambiguous: o.Ambiguous}
	if o.found {
		joint.Overlap = seconds(a.ends() - o.Offset)
	} else if err := j.doubt(ctx, a, b); err != nil {
		return Joint{}, err
	}
	shift := o.Offset // presentation time of B minus that of A: by the pictures, or by the sound when there are none
	if a.video.track != nil {
		shift = o.picture
		if err := j.joinVideo(ctx, a, b, o, &joint); err != nil {
			return Joint{}, err
		}
	}
	if a.audio.track != nil {
		if err := j.joinAudio(ctx, a, b, o, shift, &joint); err != nil {
			return Joint{}, err
		}
	}
	return joint, nil
}

// doubt warns of recordings that overlap only in the other order.
func (j *joiner) doubt(ctx context.Context, a, b *part) error {
	reversed, err := j.compare(ctx, b, a)
	if errors.Is(err, errOrder) {
		return nil
	}
	if err == nil && reversed.found {
		j.Log.Warn("the end of the second is the beginning of the first; are they in the order of their recording?", "first", a.Name, "second", b.Name)
	}
	return err
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// follow returns the ticks to add to composition times of b to get those of a, when b's presentation begins shift
// seconds after a's.
func follow(a, b *movie.Track, shift float64) float64 {
	return float64(a.Start-a.Delay-b.Start+b.Delay) + shift*float64(a.Timescale)
}

func (j *joiner) joinVideo(ctx context.Context, a, b *part, o overlap, joint *Joint) error {
	t, u := a.video.track, b.video.track
	relative := int64(math.Round(follow(t, u, o.picture)))
	b.video.later = a.video.later + relative
	cut := splice.Video(t, u, relative, o.same, a.video.first)
	a.video.last, b.video.first = cut.Keep, cut.Begin
	output := j.parts[0].video.track
	at := u.End
	if cut.Begin < len(u.Samples) {
		at = u.Samples[cut.Begin].PTS()
	}
	if cut.Bridge.Count > 0 {
		of, later := a, a.video.later
		if cut.Bridge.OfSecond {
			of, later, at = b, b.video.later, cut.Bridge.From
		}
		m, err := j.codeVideo(ctx, of, cut.Bridge, later)
		if err != nil {
			return err
		}
		a.video.after = append(a.video.after, m)
		joint.Video = output.Time(cut.Bridge.To - cut.Bridge.From)
	}
	joint.At = output.Time(output.Present(at + b.video.later))
	return nil
}

func (j *joiner) joinAudio(ctx context.Context, a, b *part, o overlap, shift float64, joint *Joint) error {
	t, u := a.audio.track, b.audio.track
	head := j.parts[0].audio.track
	tracks := splice.Tracks{
		A: t, B: u, LaterA: a.audio.later, From: a.audio.first, Overlap: o.found,
		ExactB: float64(a.audio.later) + follow(t, u, o.Offset),
	}
	// The sound of B belongs where its pictures are in the output.
	tracks.LaterB = float64(a.audio.later) + follow(t, u, shift)
	if v := b.video.track; v != nil {
		presented := float64(j.parts[0].video.track.Present(v.Start+b.video.later)-v.Present(v.Start)) / float64(v.Timescale)
		tracks.LaterB = follow(head, u, presented)
		tracks.Near = head.Start - head.Delay + head.Ticks(joint.At.Seconds())
	} else {
		tracks.Near = t.End + a.audio.later
	}
	seam, err := splice.Audio(tracks)
	if err != nil {
		return err
	}
	m, err := j.codeAudio(ctx, a, b, seam)
	if err != nil {
		return err
	}
	a.audio.last, b.audio.first, b.audio.later = seam.Keep, seam.Begin, seam.LaterB
	a.audio.after = append(a.audio.after, m)
	joint.Audio = head.Time(int64(seam.Packets) * splice.Frame)
	joint.Shift = seconds((float64(seam.LaterB) - tracks.LaterB) / float64(head.Timescale))
	return nil
}

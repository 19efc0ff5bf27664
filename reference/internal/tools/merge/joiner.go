package merge

import (
	"errors"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/mux/movie"
	"reelcheck/reference/internal/mux/mp4"
	"reelcheck/reference/internal/tools/spool"
)

// joiner is the state of one Run.
type joiner struct {
	Options
	parts []*part
	spool *spool.Spool // samples that were coded again
}

// part is one recording, and what the output takes of it.
type part struct {
	*mp4.Input
	video, audio use
}

// use is what the output takes of a track.
type use struct {
	track *movie.Track
	later int64   // ticks added to its composition times
	first int     // first sample
	last  int     // the sample after the last one
	after []mixed // what is coded again between this track and that of the next part
}

// mixed holds samples that were coded again.
type mixed struct {
	run  mp4.Run
	sets av.ParameterSets
}

func (j *joiner) open(inputs []string, dir string) (err error) {
	for _, name := range inputs {
		m, err := mp4.Open(name)
		if err != nil {
			return err
		}
		p := &part{Input: m, video: use{track: m.Video}, audio: use{track: m.Audio}}
		j.parts = append(j.parts, p)
		for _, u := range []*use{&p.video, &p.audio} {
			if u.track != nil {
				u.last = len(u.track.Samples)
			}
		}
		if err := movie.Compare(j.parts[0].Movie, m.Movie); err != nil {
			return err
		}
	}
	j.spool, err = spool.New(dir)
	return err
}

func (j *joiner) close() error {
	var errs []error
	for _, p := range j.parts {
		errs = append(errs, p.Close())
	}
	if j.spool != nil {
		errs = append(errs, j.spool.Close())
	}
	return errors.Join(errs...)
}

// ends returns the end of the presentation of a part, in seconds.
func (p *part) ends() float64 {
	v, a := 0.0, 0.0
	if t := p.video.track; t != nil {
		v = t.Seconds(t.Ends())
	}
	if t := p.audio.track; t != nil {
		a = t.Seconds(t.Ends())
	}
	// Sound that is longer by less than a picture does not delay the next picture.
	if t := p.video.track; t != nil && a-v < t.Seconds(t.Interval()) {
		return v
	}
	return max(v, a)
}

// tracks returns the tracks of the output.
func (j *joiner) tracks() []mp4.Output {
	var list []mp4.Output
	for _, pick := range []func(*part) *use{func(p *part) *use { return &p.video }, func(p *part) *use { return &p.audio }} {
		if pick(j.parts[0]).track != nil {
			list = append(list, j.track(pick))
		}
	}
	return list
}

func (j *joiner) track(pick func(*part) *use) mp4.Output {
	head := pick(j.parts[0]).track
	out := mp4.Output{Timescale: head.Timescale, Start: head.Start, Delay: head.Delay}
	if head.Picture != nil {
		out.Matrix = head.Picture.Matrix
	}
	var descriptions descriptions
	for _, p := range j.parts {
		u := pick(p)
		own := descriptions.add(u.track)
		out.Runs = append(out.Runs, mp4.Run{
			Data: p.Data, Samples: u.track.Samples[u.first:u.last], Later: u.later,
			Reorder: u.track.CompositionOffset() - head.CompositionOffset(), Description: own,
		})
		for _, m := range u.after {
			run := m.run
			run.Reorder, run.Description = -head.CompositionOffset(), descriptions.bridge(own, m.sets)
			out.Runs = append(out.Runs, run)
		}
		out.End = u.track.End + u.later
	}
	out.Descriptions = descriptions.uniform()
	return out
}

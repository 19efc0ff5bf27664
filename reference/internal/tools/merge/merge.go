// Package merge joins recordings that overlap, one after the other, into one file. It finds the overlap from picture and sound, and
// copies what is coded; only what lies between the end of one recording and an IDR picture of the next, and a moment of sound around each
// joint, are coded again. What it decodes is bounded by the longest overlap, what it keeps in memory by the tables of the files.
package merge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/ffmpeg"
	"reelcheck/reference/internal/mux/mp4"
	"reelcheck/reference/internal/tools/outfile"
)

const (
	// DefaultOverlap is how much of the end of a recording is compared with the beginning of the next.
	DefaultOverlap = 60 * time.Second
	// LongestOverlap bounds what is decoded and kept.
	LongestOverlap = 10 * time.Minute
)

// Options of a merge.
type Options struct {
	FFmpeg     ffmpeg.Config
	MaxOverlap time.Duration // 0 is DefaultOverlap
	Overwrite  bool
	// Progress, if set, is told what is being done, and how much of it is.
	Progress func(step string, done float64)
	Log      *slog.Logger
}

// Joint says how two recordings were joined. Times are those of the output.
type Joint struct {
	A, B      string
	Overlap   time.Duration // 0: none was found, one was appended to the other
	Picture   bool          // found by the picture
	Sound     bool          // found by the sound
	Ambiguous bool          // several overlaps were as likely, so that none was taken
	At        time.Duration // from where on pictures come from B
	Video     time.Duration // of video was coded again, before At when it is A's, from At on when it is B's
	Audio     time.Duration // of audio was coded again
	Shift     time.Duration // of B's sound against its picture
}

// Result of a merge.
type Result struct {
	Size     int64
	Duration time.Duration
	Joints   []Joint
}

// Validate reports what cannot be merged, before anything is read.
func (o Options) Validate(inputs []string, out string) error {
	switch {
	case len(inputs) < 2:
		return errors.New("at least two files are needed")
	case o.MaxOverlap < 0 || o.MaxOverlap > LongestOverlap:
		return fmt.Errorf("max-overlap must be 0 to %v, got %v", LongestOverlap, o.MaxOverlap)
	case filepath.Ext(out) != ".mp4":
		return fmt.Errorf("output %q must end in .mp4", out)
	}
	return outfile.Check(out, o.Overwrite, inputs...)
}

// Run joins the inputs, which are in the order of their recording, into out. On failure there is no out, or the one of before.
func Run(ctx context.Context, inputs []string, out string, o Options) (r Result, err error) {
	if err := o.Validate(inputs, out); err != nil {
		return Result{}, err
	}
	if o.MaxOverlap == 0 {
		o.MaxOverlap = DefaultOverlap
	}
	if o.Progress == nil {
		o.Progress = func(string, float64) {}
	}
	j := &joiner{Options: o}
	defer func() { err = errors.Join(err, j.close()) }()
	if err := j.open(inputs, filepath.Dir(out)); err != nil {
		return Result{}, err
	}
	for i := 1; i < len(j.parts); i++ {
		joint, err := j.join(ctx, j.parts[i-1], j.parts[i])
		if err != nil {
			return Result{}, fmt.Errorf("joining %s and %s: %w", j.parts[i-1].Name, j.parts[i].Name, err)
		}
		r.Joints = append(r.Joints, joint)
		o.Progress("finding overlaps", float64(i)/float64(len(j.parts)-1))
	}
	tracks := j.tracks()
	r.Size, err = durable.File(out, 0o644, func(f *os.File) error {
		return mp4.Write(ctx, f, tracks, func(done, total int64) { o.Progress("copying", float64(done)/float64(total)) })
	})
	for _, t := range tracks {
		r.Duration = max(r.Duration, time.Duration(float64(t.End-t.Start+t.Delay)/float64(t.Timescale)*float64(time.Second)))
	}
	return r, err
}

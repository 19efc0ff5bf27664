// Package render composes a finished recording into one MP4 file: an individual archive, or the journal of a session. It
// uses the same engine as live composition.
package render

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/compose"
	"reelcheck/reference/internal/compose/plan"
	"reelcheck/reference/internal/durable"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/timeline"
	"reelcheck/reference/internal/tools/individual"
	"reelcheck/reference/internal/tools/outfile"
)

// Options configures a rendering.
type Options struct {
	Compose   compose.Options
	ArchiveID string // selects the archive in a journal that has several
	KeyFile   string // key file of the server, for a sealed journal
	Overwrite bool
	// Classes are the layout classes of the streams in a ZIP file. A journal has its own.
	Classes map[string][]string
	Stills  bool // show the pictures in a ZIP file
	Sounds  bool // make a sound file for every stream, beside the output
	// Progress, if set, is called with the current step and the fraction of it that is done.
	Progress func(step string, done float64)
	Log      *slog.Logger
}

// Result describes the output of a rendering.
type Result struct {
	Size     int64
	Duration time.Duration
	Sounds   []string // names of the sound files
}

// Run renders in, a ZIP file or the directory of a journal, to out. It does not change the input. When it fails, out is
// absent or still the old file.
func Run(ctx context.Context, in, out string, o Options) (r Result, err error) {
	if err := errors.Join(o.Compose.Validate(), outfile.Check(out, o.Overwrite, in)); err != nil {
		return Result{}, err
	}
	if filepath.Ext(out) != ".mp4" {
		return Result{}, fmt.Errorf("output %q must end in .mp4", out)
	}
	if o.Progress == nil {
		o.Progress = func(string, float64) {}
	}
	// There must be room for the output in its directory, so there most likely is room for the temporary files too.
	work, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".*.part")
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	info, err := os.Stat(in)
	if err != nil {
		return Result{}, err
	}
	open := openArchive
	if info.IsDir() {
		open = openJournal
	} else {
		o.Compose.CatchUp = individual.CatchUp
	}
	j, rec, err := open(ctx, in, work, o)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	return finish(ctx, j, rec, work, out, o)
}

func finish(ctx context.Context, j *journal.Journal, rec individual.Recording, work, out string, o Options) (Result, error) {
	o.Compose.Progress = func(at av.Instant) { o.Progress("composing", float64(at-rec.Start)/float64(max(rec.End-rec.Start, 1))) }
	file := filepath.Join(work, "archive")
	voices := &sounds{dir: work, names: rec.Streams, by: map[string]*voice{}}
	if o.Sounds {
		o.Compose.Voice = voices.heard
	}
	done, err := compose.Run(ctx, j, rec.ArchiveID, o.Compose, file, o.Log)
	if err != nil {
		return Result{}, err
	}
	if done.Size == 0 {
		return Result{}, errors.New("there is nothing to compose: nobody published")
	}
	r := Result{Duration: done.Duration}
	if r.Sounds, err = voices.named(out, o.Overwrite); err != nil {
		return Result{}, err
	}
	if err := voices.complete(int64(done.Duration / plan.FrameTime)); err != nil {
		return Result{}, err
	}
	r.Size, err = durable.File(out, 0o644, func(f *os.File) error {
		composed, err := compose.Open(file)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, composed)
		return errors.Join(err, composed.Close())
	})
	if err == nil {
		err = voices.place(r.Sounds)
	}
	return r, err
}

// openArchive makes a journal from a ZIP file and opens it.
func openArchive(ctx context.Context, in, work string, o Options) (*journal.Journal, individual.Recording, error) {
	var rec individual.Recording
	if o.ArchiveID != "" {
		return nil, rec, errors.New("archive is only for a journal: a ZIP file is one archive")
	}
	fill := individual.Options{Dir: work, Classes: o.Classes, Progress: func(done float64) { o.Progress("reading", done) }, Log: o.Log}
	if o.Stills {
		fill.Still = func(ctx context.Context, p *image.RGBA) ([]byte, error) { return codeStill(ctx, o.Compose.FFmpeg, p) }
	}
	a, err := individual.Open(in)
	if err != nil {
		return nil, rec, err
	}
	j, err := journal.Open(filepath.Join(work, "journal"), journal.Options{})
	if err == nil {
		rec, err = a.Fill(ctx, j, fill)
		if err != nil {
			err = errors.Join(fmt.Errorf("%s: %w", in, err), j.Close())
		}
	}
	return j, rec, errors.Join(err, a.Close())
}

// openJournal opens a copy of a journal, because opening a journal repairs and ends it.
func openJournal(ctx context.Context, in, work string, o Options) (*journal.Journal, individual.Recording, error) {
	var rec individual.Recording
	if len(o.Classes) > 0 || o.Stills {
		return nil, rec, errors.New("class and stills are only for a ZIP file: a journal has the layout classes of its streams")
	}
	if info, err := os.Stat(filepath.Join(in, "timeline")); err != nil || !info.IsDir() {
		return nil, rec, fmt.Errorf("%s is not the journal of a session", in)
	}
	path, err := filepath.Abs(in) // the name of the directory says whose key it needs
	if err != nil {
		return nil, rec, err
	}
	key, err := seal.NewKeyfile(o.KeyFile).JournalKey(path)
	if err != nil {
		return nil, rec, err
	}
	dir := filepath.Join(work, "journal")
	if err := os.CopyFS(dir, os.DirFS(in)); err != nil {
		return nil, rec, fmt.Errorf("copying %s: %w", in, err)
	}
	j, err := journal.Open(dir, journal.Options{Key: key})
	if err != nil {
		return nil, rec, fmt.Errorf("%s: %w", in, err)
	}
	for _, torn := range j.Repairs {
		o.Log.Warn("journal is torn", "at", torn)
	}
	if rec, err = recorded(ctx, j, o.ArchiveID); err != nil {
		return nil, rec, errors.Join(fmt.Errorf("%s: %w", in, err), j.Close())
	}
	return j, rec, nil
}

// recorded finds an archive in a journal; id may be empty if there is only one. An archive that was cut off ends with
// its media.
func recorded(ctx context.Context, j *journal.Journal, id string) (individual.Recording, error) {
	list, known, err := j.Events(ctx, 0, -1<<63)
	if err != nil {
		return individual.Recording{}, err
	}
	var ids []string
	for _, e := range list {
		if e.Kind == timeline.Recording && !slices.Contains(ids, e.Archive) {
			ids = append(ids, e.Archive)
		}
	}
	switch {
	case len(ids) == 0:
		return individual.Recording{}, errors.New("nothing was recorded")
	case id == "" && len(ids) > 1:
		return individual.Recording{}, fmt.Errorf("archive is required: one of %s", strings.Join(ids, ", "))
	case id == "":
		id = ids[0]
	case !slices.Contains(ids, id):
		return individual.Recording{}, fmt.Errorf("archive must be one of %s, got %q", strings.Join(ids, ", "), id)
	}
	rec := individual.Recording{ArchiveID: id}
	for _, e := range list {
		if e.Archive != id {
			continue
		}
		if e.Kind == timeline.Recording && rec.Start == 0 {
			rec.Start = e.At
		}
		if e.Kind == timeline.Stopped {
			rec.End = e.At
		}
	}
	if rec.End == 0 {
		rec.End = known
		if last, ok := j.LastMedia(); ok {
			rec.End = max(known, last)
		}
		err = j.Note(timeline.Event{Kind: timeline.Stopped, At: rec.End, Archive: id})
	}
	return rec, err
}

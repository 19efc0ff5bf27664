package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/individual"
)

// lookWithin bounds the forensics of one file, from its turn on.
const lookWithin = 2 * time.Minute

// looks are the files of a flow that are to be looked at, one after the other and beside the flow: it sleeps, or plays its
// media, and has given its slots away before the last file has its turn.
type looks struct {
	queue chan look
	done  chan struct{} // closed when the queue is closed and empty
	err   error         // evidence that could not be written; read after done
}

// look is one of them: the record that it fills, and how.
type look struct {
	record evidence.Record
	fill   func(ctx context.Context, r *evidence.Record) error
}

// mostLooks is more than any flow has files.
const mostLooks = 100

// start begins to look; turn is held for each file.
func (l *looks) start(ctx context.Context, f *Flow, turn turns) {
	l.queue, l.done = make(chan look, mostLooks), make(chan struct{})
	go func() { // ends with finish
		defer close(l.done)
		for one := range l.queue {
			select {
			case turn <- struct{}{}:
			case <-ctx.Done():
				continue
			}
			l.err = errors.Join(l.err, f.see(ctx, one))
			<-turn
		}
	}()
}

// finish returns when all files were looked at.
func (l *looks) finish() error {
	close(l.queue)
	<-l.done
	return l.err
}

// see looks at one file and writes down what there is.
func (f *Flow) see(ctx context.Context, one look) error {
	inner, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	if err := one.fill(inner, &one.record); err != nil {
		if ctx.Err() != nil {
			return nil // the run is interrupted, and says so
		}
		one.record.Harness = &evidence.Harness{Kind: "environment", Message: "media forensics: " + err.Error()}
	}
	return f.Append(one.record)
}

// Look has the forensics run on a blob.
func (f *Flow) Look(label, id, sha string) {
	if f.Forensics == nil {
		return
	}
	f.look(label, id, func(ctx context.Context, r *evidence.Record) error {
		report, err := f.Forensics(ctx, f.Journal.View().BlobPath(sha))
		if err == nil {
			r.Media = &evidence.Media{SHA256: sha, Report: report}
		}
		return err
	})
}

// LookInside has the ZIP of an individual archive described, which is kept as a blob.
func (f *Flow) LookInside(label, id, sha string) {
	f.look(label, id, func(ctx context.Context, r *evidence.Record) error {
		found, err := individual.Open(ctx, f.Journal.View().BlobPath(sha))
		if err != nil {
			return err
		}
		report, err := json.Marshal(found)
		r.Individual = &evidence.Individual{SHA256: sha, Report: report}
		return err
	})
}

func (f *Flow) look(label, id string, fill func(context.Context, *evidence.Record) error) {
	f.looks.queue <- look{evidence.Record{Label: label, IDs: f.ArchiveIDs(id)}, fill}
}

package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/individual"
)

// lookWithin limits the forensics of one file, without the time it waits for its turn.
const lookWithin = 2 * time.Minute

// looks is the queue of a flow's files for the forensics. It works through them one after the other while the flow goes
// on, and may need longer than the flow.
type looks struct {
	queue chan look
	done  chan struct{} // closed when the queue is closed and empty
	err   error         // evidence that could not be written; read after done
}

// look is one file in the queue: the record about it, and the function that fills the record.
type look struct {
	record evidence.Record
	fill   func(ctx context.Context, r *evidence.Record) error
}

// mostLooks is above the number of files of any flow.
const mostLooks = 100

// start starts the queue. It holds a turn while it works on a file.
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

// finish waits until the queue is empty and returns the first errors.
func (l *looks) finish() error {
	close(l.queue)
	<-l.done
	return l.err
}

// see analyses one file and writes its record.
func (f *Flow) see(ctx context.Context, one look) error {
	inner, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	if err := one.fill(inner, &one.record); err != nil {
		if ctx.Err() != nil {
			return nil // the run was interrupted, which is noted elsewhere
		}
		one.record.Harness = &evidence.Harness{Kind: "environment", Message: "media forensics: " + err.Error()}
	}
	return f.Append(one.record)
}

// Look queues a blob for the media forensics.
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

// LookInside queues the ZIP of an individual archive, stored as a blob, for its description.
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

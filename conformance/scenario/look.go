package scenario

import (
	"context"
	"encoding/json"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/individual"
)

// lookWithin limits the forensics of one file, without the time it waits for its turn.
const lookWithin = 2 * time.Minute

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

// look queues a file: fill puts what it finds into a record about the archive.
func (f *Flow) look(label, id string, fill func(context.Context, *evidence.Record) error) {
	r := evidence.Record{Label: label, IDs: f.ArchiveIDs(id)}
	f.looks.Add(func(ctx context.Context) error {
		inner, cancel := context.WithTimeout(ctx, lookWithin)
		defer cancel()
		if err := fill(inner, &r); err != nil {
			if ctx.Err() != nil {
				return nil // the run was interrupted, which is noted elsewhere
			}
			r.Harness = &evidence.Harness{Kind: "environment", Message: "media forensics: " + err.Error()}
		}
		return f.Append(r)
	})
}

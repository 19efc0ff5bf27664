package scenario

import (
	"context"
	"path"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// objects lists what is stored under an archive's id and records it: label.listed for each, or a watch that says none.
func (f *flow) objects(ctx context.Context, label, id string) ([]evidence.Object, error) {
	return f.objectsThat(ctx, label, id, func(o evidence.Object) bool { return strings.Contains(o.Key, id) })
}

// objectsThat is objects for those that the archive is told by in another way.
func (f *flow) objectsThat(ctx context.Context, label, id string, are func(evidence.Object) bool) ([]evidence.Object, error) {
	if f.place.store == nil {
		return nil, nil
	}
	from := time.Now()
	all, err := f.place.List(ctx, f.place.bucket, "")
	if err != nil {
		return nil, err
	}
	var mine []evidence.Object
	for _, o := range all {
		if !are(o) {
			continue
		}
		mine = append(mine, o)
		if err := f.append(evidence.Record{Label: label + ".listed", IDs: f.archiveIDs(id), Object: &o}); err != nil {
			return nil, err
		}
	}
	return mine, f.watched(label, evidence.Watch{What: "objects", Span: evidence.Span{From: from, To: time.Now()}, Until: "an object of the archive", Met: len(mine) > 0},
		f.archiveIDs(id))
}

func (f *flow) archiveIDs(id string) map[string]string {
	return map[string]string{evidence.Archive: id, evidence.Application: f.as.App.ID}
}

// fetch downloads the archive's object into the evidence and has it looked at. Without an object there is
// nothing to fetch; the listing says so.
func (f *flow) fetch(ctx context.Context, label, id string) error {
	found, err := f.objects(ctx, label, id)
	if err != nil || len(found) == 0 {
		return err
	}
	for _, o := range found {
		sum, err := f.take(ctx, label, id, o)
		if err != nil {
			return err
		}
		if path.Ext(o.Key) == ".mp4" {
			if err := f.look(ctx, label+".media", id, sum); err != nil {
				return err
			}
		}
	}
	return nil
}

// take downloads an object into the evidence and returns its hash.
func (f *flow) take(ctx context.Context, label, id string, o evidence.Object) (sha string, err error) {
	got, err := f.place.Fetch(ctx, f.Journal, o.Bucket, o.Key)
	if err != nil {
		return "", err
	}
	return got.SHA256, f.append(evidence.Record{Label: label, IDs: f.archiveIDs(id), Object: &got})
}

// look runs the forensics on a blob.
func (f *flow) look(ctx context.Context, label, id, sha string) error {
	if f.Forensics == nil {
		return nil
	}
	r := evidence.Record{Label: label, IDs: f.archiveIDs(id)}
	select {
	case f.looking <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	report, err := f.Forensics(ctx, f.Journal.View().BlobPath(sha))
	<-f.looking
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Harness = &evidence.Harness{Kind: "environment", Message: "media forensics: " + err.Error()}
	} else {
		r.Media = &evidence.Media{SHA256: sha, Report: report}
	}
	return f.append(r)
}

// deliver waits for the file of a stopped archive and takes it into the evidence.
func (f *flow) deliver(ctx context.Context, id string) error {
	return f.deliverAs(ctx, "", id)
}

// deliverAs is deliver with a prefix to its labels, for flows with several archives.
func (f *flow) deliverAs(ctx context.Context, prefix, id string) error {
	s, err := f.must(ctx, prefix+"wait.delivered", id, delivery, "uploaded", "available", "failed")
	if err != nil {
		return err
	}
	if _, err := f.awaitHooks(ctx, prefix+"hooks.delivered", id, soon, "stopped", s.Status); err != nil {
		return err
	}
	return f.fetch(ctx, prefix+"object", id)
}

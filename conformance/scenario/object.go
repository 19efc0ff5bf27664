package scenario

import (
	"context"
	"path"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Objects lists what is stored under an archive's id and records it: label.listed for each, or a watch that says none.
func (f *Flow) Objects(ctx context.Context, label, id string) ([]evidence.Object, error) {
	return f.ObjectsThat(ctx, label, id, func(o evidence.Object) bool { return strings.Contains(o.Key, id) })
}

// ObjectsThat is Objects for those that the archive is told by in another way.
func (f *Flow) ObjectsThat(ctx context.Context, label, id string, are func(evidence.Object) bool) ([]evidence.Object, error) {
	if f.Place.store == nil {
		return nil, nil
	}
	from := time.Now()
	all, err := f.Place.List(ctx, f.Place.Name, "")
	if err != nil {
		return nil, err
	}
	var mine []evidence.Object
	for _, o := range all {
		if !are(o) {
			continue
		}
		mine = append(mine, o)
		if err := f.Append(evidence.Record{Label: label + ".listed", IDs: f.ArchiveIDs(id), Object: &o}); err != nil {
			return nil, err
		}
	}
	return mine, f.Watched(label, evidence.Watch{What: "objects", Span: evidence.Span{From: from, To: time.Now()}, Until: "an object of the archive", Met: len(mine) > 0},
		f.ArchiveIDs(id))
}

// ArchiveIDs names an archive and its application as what a record is about.
func (f *Flow) ArchiveIDs(id string) map[string]string {
	return map[string]string{evidence.Archive: id, evidence.Application: f.As.App.ID}
}

// Fetch downloads the archive's object into the evidence and has it looked at, which goes on beside the flow. Without an object
// there is nothing to fetch; the listing says so.
func (f *Flow) Fetch(ctx context.Context, label, id string) error {
	found, err := f.Objects(ctx, label, id)
	if err != nil || len(found) == 0 {
		return err
	}
	for _, o := range found {
		sum, err := f.Download(ctx, label, id, o)
		if err != nil {
			return err
		}
		switch path.Ext(o.Key) {
		case ".mp4":
			f.Look(label+".media", id, sum)
		case ".zip":
			f.LookInside(label+".individual", id, sum)
		}
	}
	return nil
}

// Download downloads an object into the evidence and returns its hash.
func (f *Flow) Download(ctx context.Context, label, id string, o evidence.Object) (sha string, err error) {
	got, err := f.Place.Fetch(ctx, f.Journal, o.Bucket, o.Key)
	if err != nil {
		return "", err
	}
	return got.SHA256, f.Append(evidence.Record{Label: label, IDs: f.ArchiveIDs(id), Object: &got})
}

// Deliver waits for the file of a stopped archive and takes it into the evidence.
func (f *Flow) Deliver(ctx context.Context, id string) error {
	return f.DeliverAs(ctx, "", id)
}

// DeliverAs is Deliver with a prefix to its labels, for flows with several archives.
func (f *Flow) DeliverAs(ctx context.Context, prefix, id string) error {
	status, err := f.Must(ctx, prefix+"wait.delivered", id, Delivery, "uploaded", "available", "failed")
	if err != nil {
		return err
	}
	if err := f.AwaitHooks(ctx, prefix+"hooks.delivered", id, Soon, "stopped", status); err != nil {
		return err
	}
	return f.Fetch(ctx, prefix+"object", id)
}

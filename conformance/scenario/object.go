package scenario

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Objects lists the stored objects whose key holds the archive's id. It records each as label.listed, and a watch.
func (f *Flow) Objects(ctx context.Context, label, id string) ([]evidence.Object, error) {
	return f.ObjectsThat(ctx, label, id, func(o evidence.Object) bool { return strings.Contains(o.Key, id) })
}

// ObjectsThat is Objects with another test for the objects of the archive.
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

// Elsewhere returns the ids of the archives that other scenarios started.
func (f *Flow) Elsewhere() []string {
	var ids []string
	for _, r := range f.Journal.View().Exchanges(evidence.StartArchive).Records {
		var started struct{ ID string }
		if r.Scenario != f.Scenario.Name && r.Exchange.Status() == http.StatusOK && r.Exchange.Decode(&started) == nil && started.ID != "" {
			ids = append(ids, started.ID)
		}
	}
	return ids
}

// ArchiveIDs returns the record IDs for an archive and the flow's application.
func (f *Flow) ArchiveIDs(id string) map[string]string {
	return map[string]string{evidence.Archive: id, evidence.Application: f.As.App.Name()}
}

// Fetch downloads the archive's file into the evidence and queues it for the forensics, which run beside the flow. It takes
// it from the suite's store or, if nothing of the archive is there, by the download link. Without a link it does nothing more.
func (f *Flow) Fetch(ctx context.Context, label, id string) error {
	found, err := f.Objects(ctx, label, id)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return f.followURL(ctx, label, id)
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

// Deliver waits for the file of a stopped archive and downloads it into the evidence.
func (f *Flow) Deliver(ctx context.Context, id string) error {
	return f.DeliverAs(ctx, "", id)
}

// DeliverAs is Deliver with a prefix for its labels, for flows with several archives.
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

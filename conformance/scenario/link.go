package scenario

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media/individual"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/pace"
)

// Follow requests a link without credentials. With keep it stores the file as an object of the evidence and queues it for the
// forensics; without, only the permission matters.
func (f *Flow) Follow(ctx context.Context, label, id, link string, keep bool) (target.Answer, error) {
	call := target.Call{Label: label, Method: http.MethodGet, Path: absolute(f.As.Base, link), As: evidence.AsNobody, Follow: true, IDs: f.ArchiveIDs(id), Timeout: Delivery}
	if !keep {
		call.Header = http.Header{"Range": {"bytes=0-0"}}
		return f.As.Do(ctx, call)
	}
	blob, err := f.Journal.Blob()
	if err != nil {
		return target.Answer{}, err
	}
	first, _ := f.Journal.View().Scenario(f.Scenario.Name).First()
	call.Keep, call.Pace = blob, pace.Of(time.Since(first.Time))
	a, err := f.As.Do(ctx, call)
	if err != nil || !a.OK() || a.Exchange.Error != "" {
		blob.Abort()
		return a, err
	}
	sum, size, err := blob.Commit()
	if err != nil {
		return a, err
	}
	o := evidence.Object{Store: "cloud", URL: link, Size: size, SHA256: sum, ContentType: a.Header.Get("Content-Type")}
	if err := f.Append(evidence.Record{Label: label, IDs: f.ArchiveIDs(id), Object: &o}); err != nil {
		return a, err
	}
	if individual.Downloaded(link, f.Journal.View().BlobPath(sum)) {
		f.LookInside(label+".individual", id, sum)
	} else {
		f.Look(label+".media", id, sum)
	}
	return a, nil
}

// followURL reads the archive and downloads its file by the link in the answer, if there is one.
func (f *Flow) followURL(ctx context.Context, label, id string) error {
	a, err := f.As.Get(ctx, label+".link", id)
	if err != nil {
		return err
	}
	if link := a.String("url"); link != "" {
		_, err = f.Follow(ctx, label, id, link, true)
	}
	return err
}

func absolute(base, link string) string {
	b, err := url.Parse(base + "/")
	if err != nil {
		return link
	}
	l, err := b.Parse(link)
	if err != nil {
		return link
	}
	return l.String()
}

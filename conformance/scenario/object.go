package scenario

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

// objects lists what is stored for an archive and records it: label.listed for each, or a watch that says none.
func (f *flow) objects(ctx context.Context, label, id string) ([]evidence.Object, error) {
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
		if !strings.Contains(o.Key, id) {
			continue
		}
		mine = append(mine, o)
		if _, err := f.Journal.Append(evidence.Record{Scenario: f.scenario.Name, Label: label + ".listed", IDs: f.archiveIDs(id), Object: &o}); err != nil {
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
		got, err := f.place.Fetch(ctx, f.Journal, o.Bucket, o.Key)
		if err != nil {
			return err
		}
		if _, err := f.Journal.Append(evidence.Record{Scenario: f.scenario.Name, Label: label, IDs: f.archiveIDs(id), Object: &got}); err != nil {
			return err
		}
		if path.Ext(o.Key) == ".mp4" {
			if err := f.look(ctx, label+".media", id, got.SHA256); err != nil {
				return err
			}
		}
	}
	return nil
}

// look runs the forensics on a blob.
func (f *flow) look(ctx context.Context, label, id, sha string) error {
	if f.Forensics == nil {
		return nil
	}
	r := evidence.Record{Scenario: f.scenario.Name, Label: label, IDs: f.archiveIDs(id)}
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
	_, err = f.Journal.Append(r)
	return err
}

// download gets a URL without credentials. With keep the file becomes an object of the evidence and is looked at.
func (f *flow) download(ctx context.Context, label, id, link string, keep bool) (target.Answer, error) {
	call := target.Call{Label: label, Method: http.MethodGet, Path: absolute(f.as.Base, link), As: target.AsNobody, IDs: f.archiveIDs(id), Timeout: delivery}
	if !keep {
		call.Header = http.Header{"Range": {"bytes=0-0"}} // permission is all that is asked
		return f.as.Do(ctx, call)
	}
	blob, err := f.Journal.Blob()
	if err != nil {
		return target.Answer{}, err
	}
	call.Keep = blob
	a, err := f.as.Do(ctx, call)
	if err != nil || !a.OK() || a.Exchange.Error != "" {
		blob.Abort()
		return a, err
	}
	sum, size, err := blob.Commit()
	if err != nil {
		return a, err
	}
	o := evidence.Object{Store: "cloud", URL: link, Size: size, SHA256: sum, ContentType: a.Header.Get("Content-Type")}
	if _, err := f.Journal.Append(evidence.Record{Scenario: f.scenario.Name, Label: label, IDs: f.archiveIDs(id), Object: &o}); err != nil {
		return a, err
	}
	return a, f.look(ctx, label+".media", id, sum)
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

// tamper changes what a signed link says: its longest query value, its first numeric one, or its path.
func tamper(link, what string) (string, error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", err
	}
	q := u.Query()
	key, best := "", 0
	for k, v := range q {
		numeric := strings.Trim(v[0], "0123456789") == "" && v[0] != ""
		switch {
		case what == "signature" && len(v[0]) > best:
			key, best = k, len(v[0])
		case what == "expiry" && numeric && len(v[0]) > best:
			key, best = k, len(v[0])
		}
	}
	switch {
	case what == "path":
		u.Path = strings.Replace(u.Path, "/archive.", "/archivf.", 1)
	case key == "":
		return "", errors.New("the URL has no " + what + " that can be changed")
	default:
		q.Set(key, flip(q.Get(key)))
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// flip changes the first character to another of its kind.
func flip(s string) string {
	c := s[0]
	switch {
	case c == '9' || c == 'f' || c == 'F' || c == 'z' || c == 'Z':
		c--
	default:
		c++
	}
	return string(c) + s[1:]
}

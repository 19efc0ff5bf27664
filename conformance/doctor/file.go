package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

const (
	pollEvery = 200 * time.Millisecond
	// reading is kept of the time for reading the file.
	reading = 3 * time.Second
	// sizeLimit is the largest file in bytes.
	sizeLimit = 64 << 20
)

// file waits for the file of the archive, gets it and looks for what was published.
func (e *examination) file(ctx context.Context) (string, error) {
	archive, err := e.delivered(ctx)
	if err != nil {
		return "", err
	}
	name := filepath.Join(e.dir, "archive.mp4")
	where := "by its download link"
	switch status := archive.String("status"); {
	case status == "uploaded" && e.store == nil:
		return "", errors.New("the archive was uploaded to a bucket that the target file does not describe; describe it in sinks.s3 with the capability s3, " +
			"or remove the upload target in the console of the target")
	case status == "uploaded":
		where = "from the bucket " + e.place
		err = e.fetch(ctx, name)
	case e.store != nil:
		return "", fmt.Errorf("the archive is in the built-in cloud, not in the bucket %s; is the bucket set in the console of the target? %s", e.place, e.uploads())
	default:
		err = e.download(ctx, archive.String("url"), name)
	}
	if err != nil {
		return "", err
	}
	seen, err := e.look(ctx, name)
	return fmt.Sprintf("read %s: %s", where, seen), err
}

// delivered waits until the archive is uploaded or available.
func (e *examination) delivered(ctx context.Context) (target.Answer, error) {
	stopped := time.Now()
	for {
		a, err := e.as.Get(ctx, "delivery", e.made)
		if err != nil {
			return a, err
		}
		if a.Status != http.StatusOK || a.String("id") != e.made {
			return a, fmt.Errorf("GET %s %s; want the archive", path(a), said(a))
		}
		switch status := a.String("status"); status {
		case "uploaded", "available":
			return a, nil
		case "failed", "expired", "deleted":
			return a, fmt.Errorf("the archive is %s, reason %q. %s", status, a.String("reason"), e.uploads())
		}
		until, _ := ctx.Deadline()
		if time.Until(until) < reading {
			return a, fmt.Errorf("the archive is still %q %v after its stop. %s", a.String("status"), time.Since(stopped).Round(time.Second),
				cmp.Or(e.uploads(), "If it only needs more time, give it --within 60s."))
		}
		if err := clock.Sleep(ctx, pollEvery); err != nil {
			return a, err
		}
	}
}

// uploads tells what the suite's own store saw of the target.
func (e *examination) uploads() string {
	if !e.File.Has(config.S3) || e.File.Sinks.S3.Driver == "own" {
		return ""
	}
	all := e.journal.View().Uploads().Records
	for _, r := range all {
		if u := r.Upload; u.Answer == http.StatusForbidden {
			return fmt.Sprintf("The bucket answered %d to %s %s: are the keys in the console of the target those of sinks.s3?", u.Answer, u.Method, u.Path)
		} else if u.Answer >= http.StatusBadRequest {
			return fmt.Sprintf("The bucket answered %d to %s %s.", u.Answer, u.Method, u.Path)
		}
	}
	if len(all) == 0 {
		return "No request of the target reached the bucket."
	}
	return ""
}

// fetch copies the object of the archive from the bucket.
func (e *examination) fetch(ctx context.Context, name string) error {
	objects, err := e.store.List(ctx, e.place, "")
	if err != nil {
		return err
	}
	for _, o := range objects {
		if !strings.Contains(o.Key, e.made) {
			continue
		}
		if o.Size > sizeLimit {
			return fmt.Errorf("%s has %d bytes, too many for %v", o.Key, o.Size, e.Record)
		}
		got, err := e.store.Fetch(ctx, e.journal, e.place, o.Key)
		if err != nil {
			return err
		}
		return e.save(name, got)
	}
	return fmt.Errorf("the archive says that it is uploaded, but no object in %s has its id in its name; is that the bucket in the console of the target?", e.place)
}

func (e *examination) save(name string, o evidence.Object) error {
	from, err := e.journal.View().Blob(o.SHA256)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// download reads the file by the link in the archive.
func (e *examination) download(ctx context.Context, link, name string) error {
	if u, err := url.Parse(link); err != nil || u.Host == "" {
		return fmt.Errorf("the archive is available, but its url is %q, not a download link", link)
	}
	to, err := os.Create(name)
	if err != nil {
		return err
	}
	a, err := e.client.Do(ctx, target.Call{Label: "download", Method: http.MethodGet, Path: link, As: evidence.AsNobody, Follow: true, Deliberate: true,
		Keep: &limited{to, sizeLimit}})
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	if !a.OK() || a.Exchange.Error != "" {
		return fmt.Errorf("the download link %s", said(a))
	}
	return nil
}

// limited is a writer that takes at most left bytes.
type limited struct {
	io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return 0, fmt.Errorf("the file has more than %d bytes, too many for so short an archive", sizeLimit)
	}
	l.left -= len(p)
	return l.Writer.Write(p)
}

// look demands that the file shows what was published.
func (e *examination) look(ctx context.Context, name string) (string, error) {
	r, err := e.Look(ctx, name)
	if err != nil {
		return "", err
	}
	var seen float64
	if r.Picture != nil {
		for _, a := range r.Picture.Appearances {
			if a.ID == e.film {
				seen += a.To - a.From
			}
		}
	}
	if seen < 1 {
		return "", fmt.Errorf("the file (%d bytes, %.1f s) does not show %s, which was published%s", r.Size, r.Duration, e.film, findings(r))
	}
	return fmt.Sprintf("%d bytes, %.1f s, shows %s for %.1f s", r.Size, r.Duration, e.film, seen), nil
}

func findings(r media.Report) string {
	for _, f := range r.Findings {
		return fmt.Sprintf(": %s, %s", f.Kind, f.Detail)
	}
	return ""
}

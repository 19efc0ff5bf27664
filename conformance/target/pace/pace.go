// Package pace bounds downloads. A file has to come at a rate, after some patience, and it has to end:
//
//	ctx, d := pace.Of(time.Minute).Begin(ctx, file)
//	defer d.Stop()
//	_, err := io.Copy(d, body) // of a request with ctx
package pace

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"reelcheck/conformance/text"
	"reelcheck/spec"
)

// Bounds of a download.
type Bounds struct {
	Patience time.Duration // for the first byte, and for all pauses together
	Rate     int64         // bytes per second that have to come on average, after that; 0: all have to come within Patience
	Most     int64         // bytes
}

var ledger = sync.OnceValues(spec.Load)

// margin makes the bounds a little wider than those of the ledger, by which checks judge: they read other clocks.
const margin = time.Second

// Of returns the bounds of the ledger for the file of an archive that has recorded for at most d (ARC-URL-03).
func Of(d time.Duration) Bounds {
	l, err := ledger()
	value := func(name string) int64 {
		limit, ok := l.Limit(name)
		if !ok {
			panic(fmt.Sprintf("pace: internal error: no limit %s: %v", name, err))
		}
		return limit.Value
	}
	return Bounds{
		Patience: time.Duration(value("tolerance.download"))*time.Second + margin,
		Rate:     value("tolerance.download-rate") / 8,
		Most:     value("tolerance.file-size") + int64((d+margin).Seconds()*float64(value("tolerance.file-rate"))/8),
	}
}

// Download is a download in progress, and takes its bytes.
type Download struct {
	Got int64 // bytes that came

	head   []byte
	bounds Bounds
	file   io.Writer
	began  time.Time
	due    *time.Timer
	cancel context.CancelCauseFunc
}

var _ io.Writer = (*Download)(nil)

// Begin begins a download into a file. The context ends when the download is too slow, and its cause says so. The caller must call Stop.
func (b Bounds) Begin(ctx context.Context, file io.Writer) (context.Context, *Download) {
	ctx, cancel := context.WithCancelCause(ctx)
	d := &Download{bounds: b, file: file, began: time.Now(), cancel: cancel}
	d.due = time.AfterFunc(b.Patience, func() {
		cancel(fmt.Errorf("the download had not ended after %v", time.Since(d.began).Round(time.Second)))
	})
	return ctx, d
}

// Write gives bytes to the file, and the download more time.
func (d *Download) Write(p []byte) (int, error) {
	if d.Got += int64(len(p)); d.Got > d.bounds.Most {
		return 0, fmt.Errorf("the file is too long: it has more than %d bytes", d.bounds.Most)
	}
	if d.bounds.Rate > 0 {
		d.due.Reset(time.Until(d.began.Add(d.bounds.Patience + time.Duration(float64(d.Got)/float64(d.bounds.Rate)*float64(time.Second)))))
	}
	d.head = append(d.head, p[:min(len(p), headLimit-len(d.head))]...)
	return d.file.Write(p)
}

// headLimit is how much of a download tells its kind.
const headLimit = 512

var markup = regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>|<[^>]*>?`)

// Page returns the first words of a web page that came in place of a file, or "".
func (d *Download) Page() string {
	if !strings.HasPrefix(http.DetectContentType(d.head), "text/html") {
		return ""
	}
	words := strings.Join(strings.Fields(markup.ReplaceAllString(string(d.head), " ")), " ")
	return cmp.Or(text.Clip(strings.ToValidUTF8(words, ""), 80), "no words")
}

// Stop ends the download.
func (d *Download) Stop() {
	d.due.Stop()
	d.cancel(nil)
}

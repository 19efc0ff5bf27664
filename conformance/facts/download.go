package facts

import (
	"fmt"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Download is a GET without credentials of a link from an answer, or of a forged one.
type Download struct {
	R      evidence.Record
	H      *History
	From   Sighting // the answer that first held the link; for a forged link the one it most likely imitates
	Forged bool
}

// Answered returns when the answer was complete.
func (d Download) Answered() time.Time { return d.R.Exchange.Started.Add(d.R.Exchange.Duration) }

// Served reports whether the download was answered with the file.
func (d Download) Served() bool { return d.R.Exchange.Status()/100 == 2 }

// BrokenOff reports whether the network or the suite ended the download of a file early.
func (d Download) BrokenOff() bool {
	e := d.R.Exchange
	return e.Error != "" && e.Request.Header.Get("Range") == "" && (d.Served() || e.Error == evidence.Interrupted)
}

// Unended says what shows that the target does not end the download, or returns "": more came than the archive says, or than a file can
// have after all the time of the scenario; or less than a slow target sends.
func (f *Facts) Unended(d Download) string {
	e := d.R.Exchange
	if e.Error == "" {
		return ""
	}
	first, _ := f.View.Scenario(d.R.Scenario).First()
	most := f.Number("tolerance.file-size") + int64(e.Started.Sub(first.Time).Seconds()*float64(f.Number("tolerance.file-rate")/8))
	due := f.Limit("tolerance.download") + time.Duration(e.Received*8/f.Number("tolerance.download-rate"))*time.Second
	came := fmt.Sprintf("%d bytes in %v, without an end", e.Received, e.Duration.Round(time.Second))
	switch size, told := d.From.Whole("size"); {
	case told && e.Received > size:
		return fmt.Sprintf("%s, of a file of %d bytes", came, size)
	case e.Received > most:
		return fmt.Sprintf("%s, which is more than a file can have after %v", came, e.Started.Sub(first.Time).Round(time.Second))
	case e.Duration >= due:
		return came
	}
	return ""
}

// Refused reports whether the target answered with a client error.
func (d Download) Refused() bool { return d.R.Exchange.Status()/100 == 4 }

// Downloads returns the downloads by links of archives, in order.
func (f *Facts) Downloads() []Download {
	var out []Download
	for _, r := range f.Calls() {
		h := f.ByID[r.IDs[evidence.Archive]]
		if h == nil || r.Exchange.Identity != evidence.AsNobody || r.Exchange.Request.Method != "GET" || strings.HasPrefix(pathOf(r.Exchange.Request.URL), "/v2/") {
			continue
		}
		d := Download{R: r, H: h, Forged: true}
		for _, s := range h.Seen {
			link := s.Text("url")
			if link == "" || s.At.Seq > r.Seq {
				continue
			}
			if strings.HasSuffix(r.Exchange.Request.URL, link) {
				d.From, d.Forged = s, false
				break
			}
			d.From = s
		}
		out = append(out, d)
	}
	return out
}

// Age returns the least and the greatest age, in policy time, that the link may have had when it was used.
func (d Download) Age(f *Facts) (least, most time.Duration) {
	app := d.H.Start.IDs[evidence.Application]
	least = f.Earliest(app, d.R.Exchange.Started).Sub(f.Latest(app, d.From.Answered()))
	most = f.Latest(app, d.Answered()).Sub(f.Earliest(app, d.From.Asked()))
	return least, most
}

// Fresh reports whether the link was surely used within its lifetime.
func (d Download) Fresh(f *Facts) bool {
	_, most := d.Age(f)
	return most < f.Limit("download-url.lifetime")-f.Limit("tolerance.download-url")
}

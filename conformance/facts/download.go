package facts

import (
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

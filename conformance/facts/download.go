package facts

import (
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Download is a GET without credentials of a link that an answer handed out, or of one made from it.
type Download struct {
	R      evidence.Record
	H      *History
	From   Sighting // the answer that first held the link; the likeliest one for a forged link
	Forged bool
}

func (d Download) Answered() time.Time { return d.R.Exchange.Started.Add(d.R.Exchange.Duration) }

func (d Download) Refused() bool { return d.R.Exchange.Status()/100 == 4 }

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

// Age brackets how old the link was in policy time when it was used.
func (d Download) Age(f *Facts) (least, most time.Duration) {
	app := d.H.Start.IDs[evidence.Application]
	least = f.Earliest(app, d.R.Exchange.Started).Sub(f.Latest(app, d.From.Answered()))
	most = f.Latest(app, d.Answered()).Sub(f.Earliest(app, d.From.Asked()))
	return least, most
}

// Fresh: surely within the life of the link.
func (d Download) Fresh(f *Facts) bool {
	_, most := d.Age(f)
	return most < f.Limit("download-url.lifetime")-f.Limit("tolerance.download-url")
}

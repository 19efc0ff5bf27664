package check

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

func (c *Case) Downloads() []Download {
	var out []Download
	for _, r := range c.Calls() {
		h := c.ByID[r.IDs[evidence.Archive]]
		if h == nil || r.Exchange.Identity != "none" || r.Exchange.Request.Method != "GET" || strings.HasPrefix(pathOf(r.Exchange.Request.URL), "/v2/") {
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
func (d Download) Age(c *Case) (least, most time.Duration) {
	app := d.H.Start.IDs[evidence.Application]
	least = c.Earliest(app, d.R.Exchange.Started).Sub(c.Latest(app, d.From.Answered()))
	most = c.Latest(app, d.Answered()).Sub(c.Earliest(app, d.From.Asked()))
	return least, most
}

// Fresh: surely within the life of the link.
func (d Download) Fresh(c *Case) bool {
	_, most := d.Age(c)
	return most < c.Limit("download-url.lifetime")-c.Limit("tolerance.download-url")
}

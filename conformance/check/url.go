package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

var urlChecks = []Check{
	{"ARC-URL-01", in(cloud), urlWhenAvailable},
	{"ARC-URL-02", in(pair, cloud), urlNullOtherwise},
	{"ARC-URL-03", in(cloud), urlDownloads},
	{"ARC-URL-04", in(cloud), urlDies},
	{"ARC-URL-05", in(cloud), urlLives},
	{"ARC-URL-06", in(cloud), urlRenewed},
	{"ARC-URL-07", in(cloud), urlInList},
	{"ARC-URL-08", in(cloud), urlForged},
	{"ARC-URL-09", in(auth, cloud), urlForCredentialsOnly},
	{"ARC-URL-10", in(cloud), urlDiesWithFile},
}

// download is a GET without credentials of a link that an answer handed out, or of one made from it.
type download struct {
	r      evidence.Record
	h      *history
	from   sighting // the answer that first held the link; the likeliest one for a forged link
	forged bool
}

func (d download) answered() time.Time { return d.r.Exchange.Started.Add(d.r.Exchange.Duration) }
func (d download) served() bool        { return d.r.Exchange.Status()/100 == 2 }
func (d download) refused() bool       { return d.r.Exchange.Status()/100 == 4 }

func (c *Case) downloads() []download {
	var out []download
	for _, r := range c.calls() {
		h := c.byID[r.IDs[evidence.Archive]]
		if h == nil || r.Exchange.Identity != "none" || r.Exchange.Request.Method != "GET" || strings.HasPrefix(pathOf(r.Exchange.Request.URL), "/v2/") {
			continue
		}
		d := download{r: r, h: h, forged: true}
		for _, s := range h.seen {
			link := s.text("url")
			if link == "" || s.at.Seq > r.Seq {
				continue
			}
			if strings.HasSuffix(r.Exchange.Request.URL, link) {
				d.from, d.forged = s, false
				break
			}
			d.from = s
		}
		out = append(out, d)
	}
	return out
}

// age brackets how old the link was in policy time when it was used.
func (d download) age(c *Case) (least, most time.Duration) {
	app := d.h.start.IDs[evidence.Application]
	least = c.earliest(app, d.r.Exchange.Started).Sub(c.latest(app, d.from.answered()))
	most = c.latest(app, d.answered()).Sub(c.earliest(app, d.from.asked()))
	return least, most
}

// fresh: surely within the life of the link.
func (d download) fresh(c *Case) bool {
	_, most := d.age(c)
	return most < c.limit("download-url.lifetime")-c.limit("tolerance.download-url")
}

// alive: the file is surely there, neither deleted nor near its end.
func (d download) alive(c *Case) bool {
	app := d.h.start.IDs[evidence.Application]
	due := c.earliest(app, d.h.start.Exchange.Started).Add(c.limit("cloud.period"))
	return !d.h.deletedBefore(d.r) && c.latest(app, d.answered()).Before(due)
}

func (c *Case) available() []sighting {
	var out []sighting
	for _, h := range c.startedArchives() {
		for _, s := range h.seen {
			if s.status() == "available" {
				out = append(out, s)
			}
		}
	}
	return out
}

func urlWhenAvailable(c *Case) {
	for _, s := range c.available() {
		link := s.text("url")
		c.want(strings.HasPrefix(link, "http://") || strings.HasPrefix(link, "https://"), "a download URL", s.show("url"), s.at)
	}
}

func urlNullOtherwise(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range h.seen {
			if s.status() != "available" {
				v, present := s.object["url"]
				c.want(present && v == nil, "url null while "+s.status(), s.show("url"), s.at)
			}
		}
	}
}

// urlDownloads compares the bytes that came with what the archive says of them.
func urlDownloads(c *Case) {
	for _, d := range c.downloads() {
		if d.forged || !d.fresh(c) || !d.alive(c) {
			continue
		}
		if !c.want(d.served(), "a download", outcome(d.r), d.r, d.from.at) {
			continue
		}
		for _, o := range d.h.objects {
			if o.Object.Store != "cloud" {
				continue
			}
			n, _ := d.from.whole("size")
			sum := base64Sum(o.Object.SHA256)
			c.want(n == o.Object.Size && d.from.text("sha256sum") == sum, fmt.Sprintf("%s and %s", d.from.show("size"), d.from.show("sha256sum")),
				fmt.Sprintf("a file of %d bytes with sum %s", o.Object.Size, sum), o, d.from.at)
		}
	}
}

func urlDies(c *Case) {
	for _, d := range c.downloads() {
		least, _ := d.age(c)
		if d.forged || !d.alive(c) || least <= c.limit("download-url.lifetime")+c.limit("tolerance.download-url") {
			continue
		}
		c.want(d.refused(), fmt.Sprintf("no download with a link %v old", least.Round(time.Second)), outcome(d.r), d.r, d.from.at)
	}
}

// urlLives rests on a link used in the last minute of its life.
func urlLives(c *Case) {
	life := c.limit("download-url.lifetime")
	for _, d := range c.downloads() {
		least, _ := d.age(c)
		if d.forged || !d.alive(c) || !d.fresh(c) {
			continue
		}
		if !d.served() {
			c.wrong(fmt.Sprintf("a download with a link %v old", least.Round(time.Second)), outcome(d.r), d.r, d.from.at)
		} else if least > life-time.Minute {
			c.saw(d.r, d.from.at)
		}
	}
}

// urlRenewed: a read after a link has died answers another link, which works.
func urlRenewed(c *Case) {
	all := c.downloads()
	for _, dead := range all {
		least, _ := dead.age(c)
		if dead.forged || least <= c.limit("download-url.lifetime")+c.limit("tolerance.download-url") || !dead.alive(c) {
			continue
		}
		for _, s := range dead.h.seen {
			if s.status() != "available" || s.at.Seq < dead.r.Seq {
				continue
			}
			c.want(s.text("url") != dead.from.text("url") && s.text("url") != "", "a new URL after the old one died", "the same URL", dead.r, s.at)
			break
		}
		for _, d := range all {
			if d.h == dead.h && !d.forged && d.r.Seq > dead.r.Seq && d.from.at.Seq > dead.r.Seq && d.fresh(c) && d.alive(c) {
				c.want(d.served(), "a download with the new URL", outcome(d.r), d.r, d.from.at)
			}
		}
	}
}

func urlInList(c *Case) {
	for _, s := range c.available() {
		if s.via == "listArchives" {
			c.want(s.text("url") != "", "a download URL in the list", s.show("url"), s.at)
		}
	}
}

// urlForged counts only where the true link was served.
func urlForged(c *Case) {
	all := c.downloads()
	for _, d := range all {
		if !d.forged {
			continue
		}
		if !slices.ContainsFunc(all, func(t download) bool { return t.h == d.h && !t.forged && t.served() }) {
			c.blocked("a refusal by a target that serves the true link", "the true link was never served", d.r)
			return
		}
		c.want(d.refused(), "a refusal of a changed link", outcome(d.r), d.r)
	}
}

func urlForCredentialsOnly(c *Case) {
	for _, op := range []string{"getArchive", "listArchives"} {
		for _, r := range c.calls(op) {
			if r.Exchange.Identity != "none" && r.Exchange.Flaw == "" || r.Exchange.Response == nil {
				continue
			}
			if !c.readsAtAll(r) {
				return
			}
			c.want(r.Exchange.Status()/100 == 4 && !strings.Contains(answerText(r), `"url":"http`), "no URL without credentials", outcome(r), r)
		}
	}
}

func urlDiesWithFile(c *Case) {
	for _, d := range c.downloads() {
		app := d.h.start.IDs[evidence.Application]
		due := c.earliest(app, d.h.start.Exchange.Started).Add(c.limit("cloud.period"))
		if over := c.earliest(app, d.r.Exchange.Started); !d.forged && over.After(due) && slices.ContainsFunc(d.h.seen, func(s sighting) bool {
			return s.status() == "expired" && s.at.Seq < d.r.Seq
		}) {
			c.want(d.refused(), "no download of an expired archive", outcome(d.r), d.r)
		}
	}
	for _, h := range c.startedArchives() {
		for _, s := range h.seen {
			if s.status() == "expired" {
				c.want(s.object["url"] == nil, "no url of an expired archive", s.show("url"), s.at)
			}
		}
	}
}

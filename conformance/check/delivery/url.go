package delivery

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
)

var urlChecks = []check.Check{
	check.New("ARC-URL-01", urlWhenAvailable, scenarios.Cloud),
	check.New("ARC-URL-02", urlNullOtherwise, scenarios.Pair, scenarios.Cloud),
	check.New("ARC-URL-03", urlDownloads, scenarios.Cloud),
	check.New("ARC-URL-04", urlDies, scenarios.Cloud),
	check.New("ARC-URL-05", urlLives, scenarios.Cloud),
	check.New("ARC-URL-06", urlRenewed, scenarios.Cloud),
	check.New("ARC-URL-07", urlInList, scenarios.Cloud),
	check.New("ARC-URL-08", urlForged, scenarios.Cloud),
	check.New("ARC-URL-09", urlForCredentialsOnly, scenarios.Auth),
	check.New("ARC-URL-10", urlDiesWithFile, scenarios.Cloud),
}

// alive reports whether the file surely exists: it is not deleted and not near its end.
func alive(d facts.Download, c *check.Case) bool {
	app := d.H.Start.IDs[evidence.Application]
	due := c.Earliest(app, d.H.Begun.From).Add(c.Limit("cloud.period"))
	return !d.H.DeletedBefore(d.R) && c.Latest(app, d.Answered()).Before(due)
}

func available(c *check.Case) []facts.Sighting {
	var out []facts.Sighting
	for _, h := range c.EveryArchive() {
		for _, s := range h.Seen {
			if s.Status() == "available" {
				out = append(out, s)
			}
		}
	}
	return out
}

func urlWhenAvailable(c *check.Case) {
	for _, s := range available(c) {
		link := s.Text("url")
		c.Want(strings.HasPrefix(link, "http://") || strings.HasPrefix(link, "https://"), "a download URL", s.Show("url"), s.At)
	}
}

func urlNullOtherwise(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, s := range h.Seen {
			if s.Status() != "available" {
				v, present := s.Object["url"]
				c.Want(present && v == nil, "url null while "+s.Status(), s.Show("url"), s.At)
			}
		}
	}
}

// urlDownloads compares the downloaded bytes with what the archive says of them.
func urlDownloads(c *check.Case) {
	for _, d := range c.Downloads() {
		if d.Forged || !d.Fresh(c.Facts) || !alive(d, c) {
			continue
		}
		if strings.HasPrefix(d.R.Exchange.Error, evidence.PageInstead) {
			c.Wrong("the archive file", d.R.Exchange.Error, d.R, d.From.At)
			continue
		}
		if came := c.Unended(d); came != "" {
			c.Wrong("a download that ends", came, d.R, d.From.At)
			continue
		}
		if d.BrokenOff() {
			c.Unclear("the download was broken off: " + d.R.Exchange.Error)
			continue
		}
		if !c.Want(d.Served(), "a download", check.Outcome(d.R), d.R, d.From.At) {
			continue
		}
		for _, o := range d.H.Objects {
			if o.Object.Store != "cloud" {
				continue
			}
			n, _ := d.From.Whole("size")
			sum := facts.Base64Sum(o.Object.SHA256)
			_, told := d.From.Object["sha256sum"]
			c.Want(n == o.Object.Size && (!told || d.From.Text("sha256sum") == sum), fmt.Sprintf("%s and %s", d.From.Show("size"), d.From.Show("sha256sum")),
				fmt.Sprintf("a file of %d bytes with sum %s", o.Object.Size, sum), o, d.From.At)
		}
	}
}

func urlDies(c *check.Case) {
	for _, d := range c.Downloads() {
		least, _ := d.Age(c.Facts)
		if d.Forged || !alive(d, c) || least <= c.Limit("download-url.lifetime")+c.Limit("tolerance.download-url") {
			continue
		}
		c.NoLonger(d, fmt.Sprintf("no download with a link %v old", least.Round(time.Second)), "ARC-URL-05")
	}
}

// urlLives needs a link that was used near the end of its life.
func urlLives(c *check.Case) {
	life, last := c.Limit("download-url.lifetime"), c.Limit("tolerance.link-use")
	for _, d := range c.Downloads() {
		least, _ := d.Age(c.Facts)
		if d.Forged || !alive(d, c) || !d.Fresh(c.Facts) {
			continue
		}
		if !d.Served() {
			c.Wrong(fmt.Sprintf("a download with a link %v old", least.Round(time.Second)), check.Outcome(d.R), d.R, d.From.At)
		} else if least > life-last {
			c.Saw(d.R, d.From.At)
		}
	}
}

// urlRenewed checks that a read after the end of a link returns another link, which works.
func urlRenewed(c *check.Case) {
	all := c.Downloads()
	for _, dead := range all {
		least, _ := dead.Age(c.Facts)
		if dead.Forged || least <= c.Limit("download-url.lifetime")+c.Limit("tolerance.download-url") || !alive(dead, c) {
			continue
		}
		for _, s := range dead.H.Seen {
			if s.Status() != "available" || s.At.Seq < dead.R.Seq {
				continue
			}
			c.Want(s.Text("url") != dead.From.Text("url") && s.Text("url") != "", "a new URL after the old one died", "the same URL", dead.R, s.At)
			break
		}
		for _, d := range all {
			if d.H == dead.H && !d.Forged && d.R.Seq > dead.R.Seq && d.From.At.Seq > dead.R.Seq && d.Fresh(c.Facts) && alive(d, c) {
				c.Want(d.Served(), "a download with the new URL", check.Outcome(d.R), d.R, d.From.At)
			}
		}
	}
}

func urlInList(c *check.Case) {
	for _, s := range available(c) {
		if s.Via == evidence.ListArchives {
			c.Want(s.Text("url") != "", "a download URL in the list", s.Show("url"), s.At)
		}
	}
}

// urlForged counts only where the true link was served.
func urlForged(c *check.Case) {
	all := c.Downloads()
	for _, d := range all {
		if !d.Forged {
			continue
		}
		if !slices.ContainsFunc(all, func(t facts.Download) bool { return t.H == d.H && !t.Forged && t.Served() }) {
			c.Unproven("a refusal by a target that serves the true link", "the true link was never served", d.R)
			return
		}
		c.Want(d.Refused(), "a refusal of a changed link", check.Outcome(d.R), d.R)
	}
}

func urlForCredentialsOnly(c *check.Case) {
	for _, op := range []evidence.Operation{evidence.GetArchive, evidence.ListArchives} {
		for _, r := range c.Calls(op) {
			// ARC-AUTH-06, ARC-AUTH-12: what lives too long may be accepted.
			proper := slices.Contains([]evidence.Flaw{evidence.NoFlaw, evidence.TooLongLived, evidence.IssuedEarly}, r.Exchange.Flaw)
			if r.Exchange.Identity != evidence.AsNobody && proper || r.Exchange.Response == nil {
				continue
			}
			if !c.ReadsAtAll(r) {
				return
			}
			c.Want(r.Exchange.Status()/100 == 4 && !strings.Contains(facts.AnswerText(r), `"url":"http`), "no URL without credentials", check.Outcome(r), r)
		}
	}
}

func urlDiesWithFile(c *check.Case) {
	for _, d := range c.Downloads() {
		app := d.H.Start.IDs[evidence.Application]
		due := c.Earliest(app, d.H.Begun.From).Add(c.Limit("cloud.period"))
		if over := c.Earliest(app, d.R.Exchange.Started); !d.Forged && over.After(due) && slices.ContainsFunc(d.H.Seen, func(s facts.Sighting) bool {
			return s.Status() == "expired" && s.At.Seq < d.R.Seq
		}) {
			c.NoLonger(d, "no download of an expired archive", "ARC-STO-21")
		}
	}
	for _, h := range c.EveryArchive() {
		for _, s := range h.Seen {
			if s.Status() == "expired" && s.Object["url"] != nil { // none shows nothing of the links that were given
				c.Wrong("no url of an expired archive", s.Show("url"), s.At)
			}
		}
	}
}

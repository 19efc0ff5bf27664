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

// uploadChecks are about upload targets that fail, and about those that are not S3.
var uploadChecks = []check.Check{
	check.New("ARC-STO-08", azureTarget, scenarios.Azure),
	check.New("ARC-STO-11", fallsBack(func(struck) bool { return true }), scenarios.FallsBack, scenarios.ZIPFallsBack),
	check.New("ARC-STO-12", fallsBack(func(s struck) bool { return s.fallback == "" }), scenarios.FallsBack, scenarios.ZIPFallsBack),
	check.New("ARC-STO-13", failsAtLast, scenarios.GivenUp, scenarios.Undelivered),
	check.New("ARC-STO-14", retried, scenarios.Recovers),
	check.New("ARC-STO-15", uploadPeriod, scenarios.GivenUp),
	check.New("ARC-STO-16", periodWithFallback, scenarios.FallsBack, scenarios.ZIPFallsBack),
	check.New("ARC-STO-18", failureMailed, scenarios.FallsBack, scenarios.ZIPFallsBack),
	check.New("ARC-STO-19", nothingInCloud, scenarios.GivenUp, scenarios.Undelivered),
	check.New("ARC-SEC-01", nothingInCloud, scenarios.GivenUp, scenarios.Undelivered),
	check.New("ARC-SEC-03", encryptedByStore, scenarios.Recovers, scenarios.Large),
}

// struck is an archive whose uploads the suite's store refused, at first or for ever, or whose upload target is an address where nobody
// listens. Then nobody has seen the attempts.
type struck struct {
	*facts.History
	app           string
	fallback      string // requested by the application
	refused, took []evidence.Record
	from, to      time.Time // when the start may have been, in policy time
}

func (s struck) without() bool { return s.fallback == "none" }

func allStruck(c *check.Case) []struck {
	var out []struck
	for _, h := range c.EveryArchive() {
		s := struck{History: h, app: h.App(), refused: h.Uploads(true), took: h.Uploads(false)}
		if len(s.refused) == 0 && !c.Apps[s.app].Unreachable {
			continue
		}
		s.fallback = c.Apps[s.app].Fallback
		s.from, s.to = c.Earliest(s.app, h.Begun.From), c.Latest(s.app, h.Begun.To)
		out = append(out, s)
	}
	return out
}

// moments returns how often the target tried: requests that follow each other at once count as one attempt, unless the clock moved between
// them.
func (s struck) moments(c *check.Case) int {
	n := 0
	var last evidence.Record
	for _, r := range s.refused {
		before, _ := c.WalkAt(s.app, last.Time)
		w, _ := c.WalkAt(s.app, r.Time)
		if w.From != before.From || r.Time.Sub(last.Time) > c.Limit("tolerance.upload-attempt") {
			n++
		}
		last = r
	}
	return n
}

// triedAfter reports whether the target may have tried at or after a moment of policy time.
func (s struck) triedAfter(c *check.Case, at time.Time) (evidence.Record, bool) {
	i := slices.IndexFunc(s.refused, func(r evidence.Record) bool { return !c.Latest(s.app, r.Time).Before(at) })
	if i < 0 {
		return s.refused[len(s.refused)-1], false
	}
	return s.refused[i], true
}

// keptTrying checks that there was an attempt in the last part of a period, or later.
func (s struck) keptTrying(c *check.Case, period time.Duration) {
	silence := period * time.Duration(c.Number("tolerance.upload-silence-percent")) / 100
	due := s.from.Add(period - silence)
	at, ok := s.triedAfter(c, due)
	c.Want(ok, "an attempt after "+facts.ClockTime(due), "the last one at "+facts.ClockTime(c.Latest(s.app, at.Time)), at)
}

// opened reports whether the suite's store accepted requests again while the target had to try.
func opened(c *check.Case, s struck) bool {
	return slices.ContainsFunc(c.View.Steps().Label("store.open").About(evidence.Archive, s.ID).Records, func(r evidence.Record) bool {
		return c.Latest(s.app, r.Time).Before(s.from.Add(c.Limit("upload.period-with-fallback.min")))
	})
}

func retried(c *check.Case) {
	several := int(c.Number("upload.attempts.min"))
	for _, s := range allStruck(c) {
		if len(s.took) == 0 && !opened(c, s) {
			continue
		}
		n := s.moments(c)
		if len(s.took) > 0 {
			n++
		}
		c.Want(n >= several, fmt.Sprintf("at least %d attempts", several), fmt.Sprintf("%d", n), s.refused[0], s.Start)
		last, ok := endStatus(s.History)
		c.Want(ok && last.Status() == "uploaded" && len(s.Stored(true)) > 0, "uploaded once the target takes it", last.Show("status"), append(s.took, s.Start, last.At)...)
	}
}

func failsAtLast(c *check.Case) {
	for _, s := range allStruck(c) {
		if !s.without() || len(s.took) > 0 {
			continue
		}
		last, ended := endStatus(s.History)
		if ended {
			c.Want(last.Status() == "failed", "failed", last.Show("status"), slices.Concat(s.refused[:min(1, len(s.refused))], []evidence.Record{last.At})...)
			continue
		}
		late := s.to.Add(c.Limit("upload.period") + c.Limit("tolerance.upload-period"))
		for _, got := range s.Reads() {
			if len(s.refused) == 0 && c.Earliest(s.app, got.Asked()).After(late) { // of others ARC-STO-15 tells
				c.Wrong("failed by "+facts.ClockTime(late), got.Show("status"), got.At)
			}
		}
	}
}

// uploadPeriod judges archives without fallback whose upload target refused for ever.
func uploadPeriod(c *check.Case) {
	period, allow := c.Limit("upload.period"), c.Limit("tolerance.upload-period")
	for _, s := range allStruck(c) {
		if !s.without() || len(s.took) > 0 || len(s.refused) == 0 {
			continue
		}
		early, late := s.from.Add(period-allow), s.to.Add(period+allow)
		after := false
		for _, got := range s.Reads() {
			switch {
			case c.Latest(s.app, got.Answered()).Before(early) && got.Status() == "failed":
				c.Wrong("attempts until "+facts.ClockTime(early.Add(allow)), "failed at "+facts.ClockTime(c.Latest(s.app, got.Answered())), got.At)
			case c.Earliest(s.app, got.Asked()).After(late):
				after = true
				c.Want(got.Status() != "stopped", "failed by "+facts.ClockTime(late), got.Show("status"), got.At)
			case c.Earliest(s.app, got.Asked()).After(s.to.Add(period)) && got.Status() != "stopped":
				after = true
			}
		}
		if !after {
			continue // the harness did not follow it to the end
		}
		s.keptTrying(c, period)
		for _, r := range s.refused {
			if when := c.Earliest(s.app, r.Time); when.After(late) {
				c.Wrong("no attempt after "+facts.ClockTime(late), "one at "+facts.ClockTime(when), r)
			}
		}
	}
}

// fallsBack checks that the archive is in the built-in cloud, with its file.
func fallsBack(concerns func(struck) bool) func(*check.Case) {
	return func(c *check.Case) {
		for _, s := range allStruck(c) {
			last, ok := endStatus(s.History)
			if !ok || s.without() || len(s.took) > 0 || !concerns(s) {
				continue
			}
			c.Want(last.Status() == "available", "available in the built-in cloud", last.Show("status"), s.refused[0], last.At)
			n := 0
			for _, d := range c.Downloads() {
				if d.H == s.History && !d.Forged && d.Fresh(c.Facts) && alive(d, c) {
					n++
					c.Want(d.Served(), "a download of the file", check.Outcome(d.R), d.R)
				}
			}
			if n == 0 {
				c.Wrong("a download link", "none", last.At)
			}
		}
	}
}

// periodWithFallback checks that the target tries until the end of the period, and that the cloud takes over no later
// than the period without fallback.
func periodWithFallback(c *check.Case) {
	least, most := c.Limit("upload.period-with-fallback.min"), c.Limit("upload.period")
	for _, s := range allStruck(c) {
		if s.without() || len(s.took) > 0 {
			continue
		}
		if _, ok := endStatus(s.History); !ok {
			continue
		}
		due := s.from.Add(least)
		for _, got := range s.Seen {
			switch {
			case c.Latest(s.app, got.Answered()).Before(due):
				c.Want(got.Status() == "stopped" || facts.InProgress(got.Status()), "no end of the upload before "+facts.ClockTime(due), got.Show("status"), got.At)
			case c.Earliest(s.app, got.Asked()).After(s.to.Add(most)):
				c.Want(got.Status() != "stopped", "an end of the upload by "+facts.ClockTime(s.to.Add(most)), got.Show("status"), got.At)
			}
		}
		s.keptTrying(c, least)
	}
}

// failureMailed checks that there is mail for each archive that the built-in cloud took over, and none for one that was
// uploaded. The page promises none where fallback is off.
func failureMailed(c *check.Case) {
	for _, s := range allStruck(c) {
		to := c.Apps[s.app].Email
		last, ok := endStatus(s.History)
		if !ok || to == "" {
			continue
		}
		var mail []evidence.Record
		for _, r := range c.View.Mails().Records {
			if slices.ContainsFunc(r.Mail.To, func(a string) bool { return strings.EqualFold(a, to) }) {
				mail = append(mail, r)
			}
		}
		if last.Status() == "uploaded" { // no mail shows nothing: the target may send none at all
			if len(mail) > 0 {
				c.Wrong("no mail about an upload that succeeded", fmt.Sprintf("%d mails", len(mail)), append(mail, last.At)...)
			}
			continue
		}
		if s.without() {
			continue
		}
		c.Want(len(mail) > 0, "mail to "+to, "none", append(mail, last.At)...)
	}
}

// nothingInCloud checks that with fallback off no answer offers the file, however often it is requested.
func nothingInCloud(c *check.Case) {
	for _, s := range allStruck(c) {
		if !s.without() || len(s.took) > 0 {
			continue
		}
		for _, got := range slices.Concat(s.Seen, s.Hooks) {
			if facts.InProgress(got.Status()) {
				continue
			}
			none := got.Status() != "available" && got.Object["url"] == nil
			if none && !facts.Final(got.Status()) {
				continue // it may still fall back
			}
			c.Want(none, "nothing in the built-in cloud", got.Show("status")+" with "+got.Show("url"), got.At)
		}
	}
}

func azureTarget(c *check.Case) {
	for _, h := range c.EveryArchive() {
		last, ended := endStatus(h)
		if storeOf(c, h.Start) != "azure" || !ended || len(c.Listings(h)) == 0 {
			continue
		}
		want := c.Keys(h)
		var names []string
		at := []evidence.Record{last.At}
		ok := last.Status() == "uploaded"
		for _, r := range h.Objects {
			if r.Object.Store == "azure" {
				names, at = append(names, r.Object.Key), append(at, r)
				n, whole := last.Whole("size")
				ok = ok && slices.Contains(want, r.Object.Key) && whole && n == r.Object.Size
			}
		}
		c.Want(ok && len(names) > 0, "uploaded as "+strings.Join(want, " or ")+" of the size told", last.Show("status")+" with blobs "+strings.Join(names, ", ")+", "+last.Show("size"), at...)
	}
}

// encryptedByStore relies on what the request, or the store, says about encryption.
func encryptedByStore(c *check.Case) {
	const managed = "AES256"
	for _, h := range c.EveryArchive() {
		last, ended := endStatus(h)
		if !c.Apps[h.App()].SSE || !ended {
			continue
		}
		if last.Status() != "uploaded" {
			c.Blocked("an upload with server-side encryption", "the archive is "+last.Status(), last.At)
		}
		for _, o := range h.Stored(true) {
			c.Want(h.AskedFor(managed) || o.Object.Encryption == managed, "server-side encryption "+managed, fmt.Sprintf("%q at the store, not asked for", o.Object.Encryption), append(h.Uploads(false), o)...)
		}
	}
}

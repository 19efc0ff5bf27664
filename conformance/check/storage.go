package check

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

var storageChecks = []Check{
	{"ARC-STO-01", in(pair), uploadedToTarget},
	{"ARC-STO-02", in(pair), objectKey},
	{"ARC-STO-03", in(pair), objectSize},
	{"ARC-STO-04", in(pair), objectChecksum},
	{"ARC-STO-05", in(pair), uploadedAfterSuccess},
	{"ARC-STO-06", in(pair), nothingBeforeStop},
	{"ARC-STO-07", in(pair), compatibleTarget},
	{"ARC-STO-10", in(cloud), availableWithoutTarget},
	{"ARC-STO-20", in(pair, cloud, undelivered), closedBeforeDelivery},
	{"ARC-STO-21", in(cloud), cloudPeriod},
	{"ARC-STO-22", in(twelveHours, fourHours, idle), uploadedStays},
	{"ARC-STO-23", in(pair), oneObject},
	{"ARC-STO-24", in(pair), objectType},
}

// storeOf is the upload target that the harness set up for the application of r: s3, azure or none of them.
func (c *Case) storeOf(r evidence.Record) string { return c.apps[r.IDs[evidence.Application]].store }

// uploads are the archives with a target, called to stop or stopped by a limit,
// that were followed to their end.
func (c *Case) uploads() []*history {
	var out []*history
	for _, h := range c.startedArchives() {
		if h.scenario != undelivered && c.storeOf(h.start) == "s3" && slices.ContainsFunc(h.seen, func(s sighting) bool { return final(s.status()) }) {
			out = append(out, h)
		}
	}
	return out
}

// stored are the objects of an archive at its upload target, downloaded or listed.
func (h *history) stored(fetched bool) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.objects {
		if r.Object.Store == "s3" && (r.Object.SHA256 != "" || !fetched) {
			out = append(out, r)
		}
	}
	return out
}

// listings are the watches that say when the target bucket was looked through for an archive.
func (c *Case) listings(h *history) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.watches {
		if r.Watch.What == "objects" {
			out = append(out, r)
		}
	}
	return out
}

func uploadedToTarget(c *Case) {
	for _, h := range c.uploads() {
		if !c.published(h) || len(c.listings(h)) == 0 {
			continue
		}
		at := append(h.stored(false), h.start)
		c.want(len(h.stored(false)) > 0, "an object at the configured target", "none", append(at, c.listings(h)...)...)
	}
}

func objectKey(c *Case) {
	for _, h := range c.uploads() {
		if h.request.text("outputMode") == "individual" {
			continue
		}
		var want []string
		for _, id := range slices.Compact([]string{h.start.IDs[evidence.Application], project(h.start)}) {
			want = append(want, id+"/"+h.id+"/archive.mp4")
		}
		for _, r := range h.stored(false) {
			c.want(slices.Contains(want, r.Object.Key), "key "+strings.Join(want, " or "), r.Object.Key, r)
		}
	}
}

func objectSize(c *Case) {
	for _, h := range c.uploads() {
		for _, r := range h.stored(true) {
			for _, s := range h.delivered() {
				n, ok := s.whole("size")
				c.want(ok && n == r.Object.Size, fmt.Sprintf("size %d of the object", r.Object.Size), s.show("size"), r, s.at)
			}
		}
	}
}

// base64Sum turns the hex name of a blob into the form of sha256sum.
func base64Sum(hexSum string) string {
	b, err := hex.DecodeString(hexSum)
	if err != nil || len(b) != sha256.Size {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b)
}

func objectChecksum(c *Case) {
	for _, h := range c.uploads() {
		for _, r := range h.stored(true) {
			want := base64Sum(r.Object.SHA256)
			for _, s := range h.delivered() {
				c.want(s.text("sha256sum") == want, "sha256sum "+want, s.show("sha256sum"), r, s.at)
			}
		}
	}
}

func uploadedAfterSuccess(c *Case) {
	for _, h := range c.uploads() {
		objects := h.stored(false)
		if len(objects) == 0 {
			continue
		}
		last, ok := h.endStatus()
		c.want(ok && last.status() == "uploaded", "uploaded", last.show("status"), objects[0], last.at)
	}
}

// endStatus is the first final status that a read showed.
func (h *history) endStatus() (sighting, bool) {
	for _, s := range h.seen {
		if final(s.status()) {
			return s, true
		}
	}
	return sighting{}, false
}

// nothingBeforeStop rests on listings of the bucket while the archive was recording.
func nothingBeforeStop(c *Case) {
	for _, h := range c.startedArchives() {
		stop, ok := h.firstStop()
		if !ok || c.storeOf(h.start) != "s3" {
			continue
		}
		for _, w := range c.listings(h) {
			if w.Watch.To.Before(stop.Exchange.Started) {
				c.want(!w.Watch.Met, "nothing of the archive at the target while it records", "an object", w)
			}
		}
	}
}

// compatibleTarget: the harness's store is not Amazon's, it is named by endpoint.
func compatibleTarget(c *Case) {
	for _, h := range c.uploads() {
		app := c.apps[h.start.IDs[evidence.Application]]
		if app.endpoint != "" && c.published(h) && len(c.listings(h)) > 0 {
			c.want(len(h.stored(false)) > 0, "an object at the store with the given endpoint", "none", append(h.stored(false), app.made)...)
		}
	}
}

func availableWithoutTarget(c *Case) {
	for _, h := range c.startedArchives() {
		if h.scenario != cloud || c.storeOf(h.start) != "" {
			continue
		}
		if last, ok := h.endStatus(); ok {
			c.want(last.status() == "available", "available", last.show("status"), last.at)
		}
	}
}

// closedBeforeDelivery: no URL in any answer before the archive is delivered, and nothing in the bucket.
func closedBeforeDelivery(c *Case) {
	for _, h := range c.startedArchives() {
		for _, s := range h.seen {
			if inProgress(s.status()) || s.status() == "stopped" {
				v, present := s.object["url"]
				c.want(present && v == nil, "url null while "+s.status(), s.show("url"), s.at)
			}
		}
	}
}

// cloudPeriod wants a download shortly before the end of the 72 hours and none
// after it. Between, a refusal shows that the end has come; a download may still be early.
func cloudPeriod(c *Case) {
	allow := c.limit("tolerance.cloud-period")
	before, after := false, false
	for _, d := range c.downloads() {
		app := d.h.start.IDs[evidence.Application]
		due := c.earliest(app, d.h.start.Exchange.Started).Add(c.limit("cloud.period"))
		if d.forged || d.h.deletedBefore(d.r) || !d.fresh(c) {
			continue
		}
		switch at := c.earliest(app, d.r.Exchange.Started); {
		case at.After(due.Add(allow)):
			after = c.want(d.refused(), "no download after the cloud period", outcome(d.r), d.r) || after
		case at.After(due) && d.refused():
			after = true
			c.saw(d.r)
		case c.latest(app, d.answered()).Before(due):
			before = c.want(d.served(), "a download within the cloud period", outcome(d.r), d.r) && due.Sub(at) < allow || before
		}
	}
	if before != after {
		c.unclear("no download was tried both shortly before and after the end of the cloud period")
	}
}

// uploadedStays needs an uploaded archive read when more than the cloud period had passed; a scenario that
// goes on for hours shows it only in part, so any later read counts.
func uploadedStays(c *Case) {
	for _, h := range c.uploads() {
		i := slices.IndexFunc(h.seen, func(s sighting) bool { return s.status() == "uploaded" })
		if i < 0 {
			continue
		}
		for _, s := range h.seen[i+1:] {
			if s.status() != "deleted" {
				c.want(s.status() == "uploaded", "uploaded for good", s.show("status"), h.seen[i].at, s.at)
			}
		}
	}
}

func oneObject(c *Case) {
	for _, h := range c.uploads() {
		if !c.published(h) {
			continue
		}
		keys := map[string]evidence.Record{}
		for _, r := range h.stored(false) {
			keys[r.Object.Key] = r
		}
		if len(keys) == 0 {
			continue
		}
		var names []string
		var at []evidence.Record
		for key, r := range keys {
			names = append(names, key)
			at = append(at, r)
		}
		slices.Sort(names)
		slices.SortFunc(at, func(a, b evidence.Record) int { return int(a.Seq - b.Seq) })
		c.want(len(keys) == 1, "exactly one object", strings.Join(names, ", "), at...)
	}
}

func objectType(c *Case) {
	for _, h := range c.uploads() {
		for _, r := range h.stored(true) {
			if strings.HasSuffix(r.Object.Key, ".mp4") && r.Object.Size > 0 {
				c.want(r.Object.ContentType == "video/mp4", "media type video/mp4", fmt.Sprintf("%q", r.Object.ContentType), r)
			}
		}
	}
}

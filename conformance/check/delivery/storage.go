// Package delivery judges how archives are delivered: uploads, encryption, download URLs, and the events that clients
// get meanwhile.
package delivery

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
)

var storageChecks = []check.Check{
	check.New("ARC-STO-01", uploadedToTarget, scenarios.Pair),
	check.New("ARC-STO-02", objectKey, scenarios.Pair),
	check.New("ARC-STO-03", objectSize, scenarios.Pair),
	check.New("ARC-STO-04", objectChecksum, scenarios.Pair, scenarios.Large),
	check.New("ARC-STO-05", uploadedAfterSuccess, scenarios.Pair),
	check.New("ARC-STO-06", nothingBeforeStop, scenarios.Pair),
	check.New("ARC-STO-07", compatibleTarget, scenarios.Pair),
	check.New("ARC-STO-10", availableWithoutTarget, scenarios.Cloud),
	check.New("ARC-STO-20", closedBeforeDelivery, scenarios.Pair, scenarios.Cloud, scenarios.Undelivered),
	check.New("ARC-STO-21", cloudPeriod, scenarios.Cloud, scenarios.FallsBack),
	check.New("ARC-STO-22", uploadedStays, scenarios.FourHours, scenarios.AllLeft),
	check.New("ARC-STO-23", oneObject, scenarios.Pair, scenarios.Large, scenarios.FallsBack),
	check.New("ARC-STO-24", objectType, scenarios.Pair, scenarios.Large),
}

// storeOf returns the kind of upload target that the harness set up for the application of r: s3, azure or "".
func storeOf(c *check.Case, r evidence.Record) string {
	return c.Apps[r.IDs[evidence.Application]].Store
}

// uploads returns the archives with a working upload target that were stopped, by a call or a limit, and were followed
// to their end.
func uploads(c *check.Case) []*facts.History {
	var out []*facts.History
	for _, h := range c.EveryArchive() {
		if h.Scenario != scenarios.Undelivered && !h.Undeliverable() && storeOf(c, h.Start) == "s3" && slices.ContainsFunc(h.Seen, func(s facts.Sighting) bool { return facts.Final(s.Status()) }) {
			out = append(out, h)
		}
	}
	return out
}

func uploadedToTarget(c *check.Case) {
	for _, h := range uploads(c) {
		if !content.Published(c.Facts, h) || len(c.Listings(h)) == 0 {
			continue
		}
		at := append(h.Stored(false), h.Start)
		c.Want(len(h.Stored(false)) > 0, "an object at the configured target", "none", append(at, c.Listings(h)...)...)
	}
}

func objectKey(c *check.Case) {
	for _, h := range uploads(c) {
		if !h.IsIndividual() {
			c.Keyed(h)
		}
	}
}

func objectSize(c *check.Case) {
	for _, h := range uploads(c) {
		for _, r := range h.Stored(true) {
			for _, s := range h.Delivered() {
				n, ok := s.Whole("size")
				c.Want(ok && n == r.Object.Size, fmt.Sprintf("size %d of the object", r.Object.Size), s.Show("size"), r, s.At)
			}
		}
	}
}

func objectChecksum(c *check.Case) {
	for _, h := range uploads(c) {
		for _, r := range h.Stored(true) {
			want := facts.Base64Sum(r.Object.SHA256)
			for _, s := range h.Delivered() {
				c.Want(s.Text("sha256sum") == want, "sha256sum "+want, s.Show("sha256sum"), r, s.At)
			}
		}
	}
}

func uploadedAfterSuccess(c *check.Case) {
	for _, h := range uploads(c) {
		objects := h.Stored(false)
		if len(objects) == 0 {
			continue
		}
		last, ok := endStatus(h)
		c.Want(ok && last.Status() == "uploaded", "uploaded", last.Show("status"), objects[0], last.At)
	}
}

// endStatus returns the first sighting of h with a final status.
func endStatus(h *facts.History) (facts.Sighting, bool) {
	for _, s := range h.Seen {
		if facts.Final(s.Status()) {
			return s, true
		}
	}
	return facts.Sighting{}, false
}

// nothingBeforeStop uses listings of the bucket made while the archive was recording.
func nothingBeforeStop(c *check.Case) {
	for _, h := range c.StartedArchives() {
		stop, ok := h.FirstStop()
		if !ok || storeOf(c, h.Start) != "s3" {
			continue
		}
		for _, w := range c.Listings(h) {
			if w.Watch.To.Before(stop.Exchange.Started) {
				c.Want(!w.Watch.Met, "nothing of the archive at the target while it records", "an object", w)
			}
		}
	}
}

// compatibleTarget checks uploads to the harness's store, which is not Amazon's and is named by its endpoint.
func compatibleTarget(c *check.Case) {
	for _, h := range uploads(c) {
		app := c.Apps[h.App()]
		if app.Endpoint != "" && content.Published(c.Facts, h) && len(c.Listings(h)) > 0 {
			c.Want(len(h.Stored(false)) > 0, "an object at the store with the given endpoint", "none", append(h.Stored(false), app.Made)...)
		}
	}
}

func availableWithoutTarget(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if h.Scenario != scenarios.Cloud || storeOf(c, h.Start) != "" {
			continue
		}
		if last, ok := endStatus(h); ok {
			c.Want(last.Status() == "available", "available", last.Show("status"), last.At)
		}
	}
}

// closedBeforeDelivery checks that no answer has a URL before the archive is delivered, and that the bucket is empty.
func closedBeforeDelivery(c *check.Case) {
	for _, h := range c.EveryArchive() {
		for _, s := range h.Seen {
			if facts.InProgress(s.Status()) || s.Status() == "stopped" {
				v, present := s.Object["url"]
				c.Want(present && v == nil, "url null while "+s.Status(), s.Show("url"), s.At)
			}
		}
	}
}

// cloudPeriod wants a download shortly before the end of the 72 hours, and none after the end. In between, a refusal
// shows that the end has come; a download may still be early.
func cloudPeriod(c *check.Case) {
	allow := c.Limit("tolerance.cloud-period")
	before, after := false, false
	for _, d := range c.Downloads() {
		app := d.H.Start.IDs[evidence.Application]
		due := c.Earliest(app, d.H.Begun.From).Add(c.Limit("cloud.period"))
		if d.Forged || d.H.DeletedBefore(d.R) || !d.Fresh(c.Facts) {
			continue
		}
		switch at := c.Earliest(app, d.R.Exchange.Started); {
		case at.After(due.Add(allow)):
			after = c.Want(d.Refused(), "no download after the cloud period", check.Outcome(d.R), d.R) || after
		case at.After(due) && d.Refused():
			after = true
			c.Saw(d.R)
		case !c.Latest(app, d.Answered()).Before(due):
		case !d.Served() && servedLater(c, d):
			c.Follows("ARC-URL-05", "a download within the cloud period", check.Outcome(d.R), d.R)
		default:
			before = c.Want(d.Served(), "a download within the cloud period", check.Outcome(d.R), d.R) && due.Sub(at) < allow || before
		}
	}
	if c.Shown() && !(before && after) {
		c.Unclear("no download was tried both shortly before and after the end of the cloud period")
	}
}

// servedLater reports whether another link to the same archive opened the file later, so that it still existed.
func servedLater(c *check.Case, d facts.Download) bool {
	return slices.ContainsFunc(c.Downloads(), func(e facts.Download) bool {
		return e.H == d.H && !e.Forged && e.R.Seq > d.R.Seq && e.Served()
	})
}

// uploadedStays needs a read of an uploaded archive after more than the cloud period. An earlier one shows nothing.
func uploadedStays(c *check.Case) {
	for _, h := range uploads(c) {
		due := c.Latest(h.App(), h.Begun.To).Add(c.Limit("cloud.period"))
		i := slices.IndexFunc(h.Seen, func(s facts.Sighting) bool { return s.Status() == "uploaded" })
		if i < 0 {
			continue
		}
		for _, s := range h.Seen[i+1:] {
			switch {
			case s.Status() == "deleted":
			case s.Status() == "expired":
				c.Wrong("uploaded for good", s.Show("status"), h.Seen[i].At, s.At)
			case s.Status() != "uploaded":
				c.Follows("ARC-STAT-15", "uploaded for good", s.Show("status"), h.Seen[i].At, s.At)
			case c.Earliest(h.App(), s.Asked()).After(due):
				c.Saw(h.Seen[i].At, s.At)
			}
		}
	}
}

func oneObject(c *check.Case) {
	for _, h := range uploads(c) {
		if !content.Published(c.Facts, h) {
			continue
		}
		keys := map[string]evidence.Record{}
		for _, r := range h.AllStored() {
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
		c.Want(len(keys) == 1, "exactly one object", strings.Join(names, ", "), at...)
	}
	for _, h := range c.EveryArchive() {
		noParts(c, h)
	}
}

// noParts judges the multipart uploads whose parts the suite saw and whose end it waited for.
func noParts(c *check.Case, h *facts.History) {
	all, left := h.UploadParts()
	i := slices.IndexFunc(h.Watches, func(r evidence.Record) bool { return r.Watch.What == "parts" })
	if i < 0 || len(all) == 0 {
		return
	}
	c.Want(len(left) == 0, "no parts at the target when the archive is delivered or given up", fmt.Sprintf("%d parts of an upload that is neither finished nor aborted", len(left)),
		append(left, h.Watches[i])...)
}

func objectType(c *check.Case) {
	for _, h := range uploads(c) {
		if c.Encrypted(h) { // without the key it is not a video
			continue
		}
		for _, r := range h.Stored(true) {
			if strings.HasSuffix(r.Object.Key, ".mp4") && r.Object.Size > 0 {
				c.Want(r.Object.ContentType == "video/mp4", "media type video/mp4", fmt.Sprintf("%q", r.Object.ContentType), r)
			}
		}
	}
}

// Checks are the checks of this package.
var Checks = slices.Concat(storageChecks, encryptionChecks, urlChecks, eventChecks, uploadChecks)

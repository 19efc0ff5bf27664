package check

import (
	"fmt"
	"slices"

	"reelcheck/conformance/evidence"
)

var deleteChecks = []Check{
	{"ARC-DEL-01", in(pair, cloud), deleteAnswers},
	{"ARC-DEL-02", in(pair), deletedNotListed},
	{"ARC-DEL-03", in(pair), deletedNotRead},
	{"ARC-DEL-04", in(pair, pause), deleteInProgress},
	{"ARC-DEL-05", in(undelivered), deleteStopped},
	{"ARC-DEL-06", in(refusals, pair), onUnknown("deleteArchive", 404)},
	{"ARC-DEL-07", in(pair), deleteTwice},
	{"ARC-DEL-08", in(pair), bucketUntouched},
	{"ARC-DEL-09", in(cloud), downloadEnds},
	{"ARC-DEL-10", in(cloud), deleteExpired},
	{"ARC-DEL-11", in(isolation, pair), onForeign("deleteArchive")},
}

// deletions calls of for each deletion of an archive by its own application, with what was last seen of it.
func (c *Case) deletions(of func(h *history, r evidence.Record, before sighting, nth int)) {
	for _, h := range c.startedArchives() {
		done := 0
		for _, r := range h.deletes {
			before, ok := h.lastBefore(r)
			if ok {
				of(h, r, before, done)
			}
			if r.Exchange.Status() == 204 {
				done++
			}
		}
	}
}

func deleteAnswers(c *Case) {
	c.deletions(func(_ *history, r evidence.Record, before sighting, nth int) {
		if nth == 0 && (before.status() == "uploaded" || before.status() == "available") {
			c.want(r.Exchange.Status() == 204 && answerText(r) == "", "204 without a body", outcome(r), r)
		}
	})
}

func deletedNotListed(c *Case) {
	for _, h := range c.startedArchives() {
		for _, l := range c.goodLists() {
			if !h.deletedBefore(l.r) || !sameApp(h.start, l.r) {
				continue
			}
			listed := slices.ContainsFunc(l.items, func(o object) bool { return o.text("id") == h.id })
			c.want(!listed, "no deleted archive in the list", "archive "+h.id, l.r)
			if l.query.Get("sessionId") == h.start.IDs[evidence.Session] && c.ownsAllOf(l.r) {
				want := len(c.archivesOf(l.query.Get("sessionId"), l.r))
				c.want(l.count == int64(want), fmt.Sprintf("count %d without the deleted archive", want), fmt.Sprintf("count %d", l.count), l.r)
			}
		}
	}
}

func deletedNotRead(c *Case) {
	for _, r := range c.calls("getArchive") {
		h := c.byID[archiveInPath(r)]
		if h == nil || !c.sound(r) || !h.deletedBefore(r) || !sameApp(h.start, r) {
			continue
		}
		o, _ := c.decode(answerText(r))
		gone := r.Exchange.Status() == 404 || r.Exchange.Status() == 200 && o.text("status") == "deleted" && o["url"] == nil
		c.want(gone, "404, or status deleted without a URL", outcome(r)+" "+o.show("status"), r)
	}
}

func deleteInProgress(c *Case) {
	c.deletions(func(h *history, r evidence.Record, before sighting, _ int) {
		if !inProgress(before.status()) || !c.status(r, 409) {
			return
		}
		next, ok := h.nextSeen(r)
		if !ok {
			c.unclear("the archive was not read after the refused deletion")
			return
		}
		c.want(inProgress(next.status()) || h.stoppedBetween(r, next.at), "the recording to go on", next.show("status"), r, next.at)
	})
}

// deleteStopped: the next sighting tells that the archive was still undelivered.
func deleteStopped(c *Case) {
	c.deletions(func(h *history, r evidence.Record, before sighting, _ int) {
		next, ok := h.nextSeen(r)
		if before.status() == "stopped" && ok && next.status() == "stopped" {
			c.status(r, 409)
		}
	})
}

func deleteTwice(c *Case) {
	c.deletions(func(_ *history, r evidence.Record, _ sighting, nth int) {
		if nth > 0 {
			c.status(r, 204, 404)
		}
	})
}

func bucketUntouched(c *Case) {
	for _, h := range c.startedArchives() {
		if len(h.stored(true)) == 0 {
			continue
		}
		for _, w := range c.listings(h) {
			if h.deletedBefore(w) {
				c.want(w.Watch.Met, "the object still in the owner's bucket", "no object", w)
			}
		}
	}
}

func downloadEnds(c *Case) {
	for _, d := range c.downloads() {
		if !d.forged && d.h.deletedBefore(d.r) && d.fresh(c) {
			c.want(d.refused(), "no download of a deleted archive", outcome(d.r), d.r)
		}
	}
}

func deleteExpired(c *Case) {
	c.deletions(func(_ *history, r evidence.Record, before sighting, _ int) {
		if before.status() == "expired" || before.status() == "failed" {
			c.status(r, 409)
		}
	})
}

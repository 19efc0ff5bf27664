package access

import (
	"fmt"
	"slices"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
)

var deleteChecks = []check.Check{
	check.New("ARC-DEL-01", deleteAnswers, scenarios.Pair, scenarios.Cloud),
	check.New("ARC-DEL-02", deletedNotListed, scenarios.Pair),
	check.New("ARC-DEL-03", deletedNotRead, scenarios.Pair),
	check.New("ARC-DEL-04", deleteInProgress, scenarios.Pair, scenarios.Pause),
	check.New("ARC-DEL-05", deleteStopped, scenarios.Undelivered),
	check.New("ARC-DEL-06", check.OnUnknown(evidence.DeleteArchive, 404), scenarios.Refusals, scenarios.Pair),
	check.New("ARC-DEL-07", deleteTwice, scenarios.Pair),
	check.New("ARC-DEL-08", bucketUntouched, scenarios.Pair),
	check.New("ARC-DEL-09", downloadEnds, scenarios.Cloud),
	check.New("ARC-DEL-10", deleteExpired, scenarios.Cloud, scenarios.Broken),
	check.New("ARC-DEL-11", check.OnForeign(evidence.DeleteArchive), scenarios.Isolation).Beside(scenarios.Pair),
}

// deletions calls of for each deletion of an archive by its own application, with the last sighting before it.
func deletions(c *check.Case, of func(h *facts.History, r evidence.Record, before facts.Sighting, nth int)) {
	for _, h := range c.StartedArchives() {
		done := 0
		for _, r := range h.Deletes {
			before, ok := h.LastBefore(r)
			if ok {
				of(h, r, before, done)
			}
			if r.Exchange.Status() == 204 {
				done++
			}
		}
	}
}

func deleteAnswers(c *check.Case) {
	deletions(c, func(_ *facts.History, r evidence.Record, before facts.Sighting, nth int) {
		if nth == 0 && (before.Status() == "uploaded" || before.Status() == "available") {
			c.Want(r.Exchange.Status() == 204 && facts.AnswerText(r) == "", "204 without a body", check.Outcome(r), r)
		}
	})
}

func deletedNotListed(c *check.Case) {
	for _, h := range c.StartedArchives() {
		for _, l := range goodLists(c) {
			if !h.DeletedBefore(l.R) || !h.Start.SameApp(l.R) {
				continue
			}
			listed := slices.ContainsFunc(l.Items, func(o jsonvalue.Object) bool { return o.Text("id") == h.ID })
			c.Want(!listed, "no deleted archive in the list", "archive "+h.ID, l.R)
			of := l.Query.Get("sessionId")
			if (of == "" || of == h.Start.IDs[evidence.Session]) && c.Owns(l.R.IDs[evidence.Application]) {
				matching, all := totals(c, l)
				c.Want(l.Count == matching || l.Count == all, fmt.Sprintf("count %d without the deleted archive, or %d without the filter", matching, all),
					fmt.Sprintf("count %d", l.Count), l.R)
			}
		}
	}
}

func deletedNotRead(c *check.Case) {
	for _, r := range c.Calls(evidence.GetArchive) {
		h := c.ByID[r.ArchiveInPath()]
		if h == nil || !c.Sound(r) || !h.DeletedBefore(r) || !h.Start.SameApp(r) {
			continue
		}
		o, _ := c.Decode(facts.AnswerText(r))
		gone := r.Exchange.Status() == 404 || r.Exchange.Status() == 400 || r.Exchange.Status() == 200 && o.Text("status") == "deleted" && o["url"] == nil
		c.Want(gone, "404 or 400, or status deleted without a URL", check.Outcome(r)+" "+o.Show("status"), r)
	}
}

func deleteInProgress(c *check.Case) {
	deletions(c, func(h *facts.History, r evidence.Record, before facts.Sighting, _ int) {
		if !facts.InProgress(before.Status()) || !c.Status(r, 409) {
			return
		}
		next, ok := h.NextSeen(r)
		if !ok {
			c.Unclear("the archive was not read after the refused deletion")
			return
		}
		c.Want(facts.InProgress(next.Status()) || h.StoppedBetween(r, next.At), "the recording to go on", next.Show("status"), r, next.At)
	})
}

// deleteStopped needs an archive that was not yet delivered when it was deleted. The next sighting shows it, or the store, which
// the archive could not reach.
func deleteStopped(c *check.Case) {
	deletions(c, func(h *facts.History, r evidence.Record, before facts.Sighting, _ int) {
		next, ok := h.NextSeen(r)
		nowhere := r.Scenario == scenarios.Undelivered && len(h.Delivered()) == 0
		if before.Status() == "stopped" && (ok && next.Status() == "stopped" || nowhere) {
			c.Status(r, 409)
		}
	})
}

func deleteTwice(c *check.Case) {
	deletions(c, func(_ *facts.History, r evidence.Record, _ facts.Sighting, nth int) {
		if nth > 0 {
			c.Status(r, 204, 404)
		}
	})
}

func bucketUntouched(c *check.Case) {
	for _, h := range c.StartedArchives() {
		if len(h.Stored(true)) == 0 {
			continue
		}
		for _, w := range c.Listings(h) {
			if h.DeletedBefore(w) {
				c.Want(w.Watch.Met, "the object still in the owner's bucket", "no object", w)
			}
		}
	}
}

func downloadEnds(c *check.Case) {
	for _, d := range c.Downloads() {
		if !d.Forged && d.H.DeletedBefore(d.R) && d.Fresh(c.Facts) {
			c.NoLonger(d, "no download of a deleted archive", "ARC-URL-05")
		}
	}
}

func deleteExpired(c *check.Case) {
	deletions(c, func(h *facts.History, r evidence.Record, before facts.Sighting, _ int) {
		if before.Status() != "expired" && before.Status() != "failed" || !c.Status(r, 409) {
			return
		}
		if next, ok := h.NextSeen(r); ok {
			c.Want(next.Status() == before.Status(), before.Status()+" as before", next.Show("status"), r, next.At)
		}
	})
}

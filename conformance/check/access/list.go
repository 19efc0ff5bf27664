package access

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
	"reelcheck/conformance/text"
)

var listChecks = []check.Check{
	check.New("ARC-LIST-01", listAnswers, scenarios.Listing),
	check.New("ARC-LIST-02", listNoOtherKeys, scenarios.Listing),
	check.New("ARC-LIST-03", listBySession, scenarios.Listing),
	check.New("ARC-LIST-04", listNewestFirst, scenarios.Listing),
	check.New("ARC-LIST-05", listPages, scenarios.Listing),
	check.New("ARC-LIST-06", listTotal, scenarios.Listing),
	check.New("ARC-LIST-07", listDefaultPage, scenarios.Listing),
	check.New("ARC-LIST-09", listBadPaging, scenarios.Listing),
	check.New("ARC-LIST-10", listItemsEqualReads, scenarios.Listing, scenarios.AutoPaused),
	check.New("ARC-LIST-11", listSequence, scenarios.Listing),
	check.New("ARC-LIST-12", listOwnOnly, scenarios.Isolation),
	check.New("ARC-LIST-13", listNothing, scenarios.Listing),
	check.New("ARC-LIST-14", filteredTotal, scenarios.Listing),
}

// bad reports whether the call uses paging values that the documentation does not allow.
func bad(c *check.Case, l check.List) bool {
	for key, most := range map[string]int{"offset": math.MaxInt32, "count": int(c.Number("list.count.max"))} {
		if !l.Query.Has(key) {
			continue
		}
		n, err := strconv.Atoi(l.Query.Get(key))
		if err != nil || n < 0 || n > most {
			return true
		}
	}
	return false
}

// goodLists returns the proper list calls with proper answers, in applications whose archives the harness started
// itself.
func goodLists(c *check.Case) []check.List {
	return slices.DeleteFunc(slices.Clone(c.Lists()), func(l check.List) bool { return !l.OK || bad(c, l) || listsAutomatic(c, l) })
}

func listsAutomatic(c *check.Case, l check.List) bool {
	s := c.Sessions[l.Query.Get("sessionId")]
	return s != nil && s.Auto
}

func listAnswers(c *check.Case) {
	for _, l := range c.Lists() {
		if bad(c, l) || undecodable(l, c) {
			continue
		}
		actual := check.Outcome(l.R)
		if l.R.Exchange.Status() == 200 {
			actual = text.Clip(l.R.Exchange.Response.Body.Text, 160)
		}
		c.Want(l.OK, "200 with an object of count and items", actual, l.R)
	}
}

// undecodable reports whether the list is filtered by a session id that the harness made up. The target may refuse it.
func undecodable(l check.List, c *check.Case) bool {
	id := l.Query.Get("sessionId")
	return id != "" && (c.Sessions[id] == nil || c.Sessions[id].Created.Exchange == nil)
}

func listNoOtherKeys(c *check.Case) {
	for _, l := range goodLists(c) {
		var extra []string
		for key := range facts.InOrder(l.Body) {
			if key != "count" && key != "items" {
				extra = append(extra, key)
			}
		}
		slices.Sort(extra)
		c.Want(len(extra) == 0, "no keys beside count and items", strings.Join(extra, ", "), l.R)
	}
}

func listBySession(c *check.Case) {
	for _, l := range goodLists(c) {
		id := l.Query.Get("sessionId")
		if id == "" || undecodable(l, c) || len(archivesOf(c, id, l.R)) == 0 {
			continue
		}
		for _, item := range l.Items {
			c.Want(item.Text("sessionId") == id, "archives of session "+id, item.Show("sessionId"), l.R)
		}
		if l.Query.Get("offset") == "" && l.Query.Get("count") == "" {
			for _, h := range archivesOf(c, id, l.R) {
				c.Want(slices.ContainsFunc(l.Items, func(o jsonvalue.Object) bool { return o.Text("id") == h.ID }),
					"archive "+h.ID+" of the session in the list", fmt.Sprintf("%d other items", len(l.Items)), l.R, h.Start)
			}
		}
	}
}

// archivesOf returns the archives of a session that exist when r is sent: started and not deleted.
func archivesOf(c *check.Case, session string, r evidence.Record) []*facts.History {
	var out []*facts.History
	for _, h := range c.StartedArchives() {
		if h.Start.Seq < r.Seq && (session == "" || h.Start.IDs[evidence.Session] == session) && h.Start.SameApp(r) && !h.DeletedBefore(r) {
			out = append(out, h)
		}
	}
	return out
}

// listNewestFirst judges the order of the archives that the harness started. Others may use the application too. Of starts that were
// under way at the same time, either may be the newer one.
func listNewestFirst(c *check.Case) {
	for _, l := range goodLists(c) {
		var listed []*facts.History
		for _, item := range l.Items {
			if id := item.Text("id"); startSeq(c, id) > 0 {
				listed = append(listed, c.ByID[id])
			}
		}
		if len(listed) < 2 {
			continue
		}
		known := slices.Clone(listed)
		slices.SortStableFunc(known, func(a, b *facts.History) int { return cmp.Compare(b.Start.Seq, a.Start.Seq) })
		c.Want(newestFirst(listed), "the order of the starts, newest first: "+names(known), names(listed), l.R)
	}
}

// newestFirst reports whether no archive stands before one that was started after it.
func newestFirst(listed []*facts.History) bool {
	var newest time.Time // when the latest start of those that follow began
	for _, h := range slices.Backward(listed) {
		if h.Start.Over().Before(newest) {
			return false
		}
		if at := h.Start.Sent(); at.After(newest) {
			newest = at
		}
	}
	return true
}

func names(all []*facts.History) string {
	var out []string
	for _, h := range all {
		out = append(out, facts.Short(h.ID))
	}
	return strings.Join(out, " ")
}

func startSeq(c *check.Case, id string) int64 {
	if h := c.ByID[id]; h != nil && h.Start.Exchange != nil {
		return h.Start.Seq
	}
	return 0
}

// listPages compares each page with the whole list that was read nearest to it in time.
func listPages(c *check.Case) {
	lists := goodLists(c)
	for _, page := range lists {
		if !page.Query.Has("offset") && !page.Query.Has("count") {
			continue
		}
		whole, ok := wholeOf(c, lists, page)
		if !ok {
			continue
		}
		offset, _ := strconv.Atoi(page.Query.Get("offset"))
		count := int(c.Number("list.count.default"))
		if page.Query.Has("count") {
			count, _ = strconv.Atoi(page.Query.Get("count"))
		}
		from := min(offset, len(whole.Items))
		want := itemIDs(whole.Items[from:min(from+count, len(whole.Items))])
		got := itemIDs(page.Items)
		c.Want(slices.Equal(got, want), fmt.Sprintf("items %d to %d of the list: %v", from, from+len(want), want), fmt.Sprint(got), page.R, whole.R)
	}
}

// wholeOf returns the unpaged list of the same application and filter, with no start or deletion between it and the
// page, neither by the harness nor by somebody else.
func wholeOf(c *check.Case, lists []check.List, page check.List) (check.List, bool) {
	for _, l := range lists {
		if l.Query.Has("offset") || l.Query.Has("count") || l.Query.Get("sessionId") != page.Query.Get("sessionId") || !l.R.SameApp(page.R) {
			continue
		}
		from, to := l.R, page.R
		if from.Seq > to.Seq {
			from, to = to, from
		}
		_, accepted, deleted := c.Between(from, to)
		if accepted == 0 && deleted == 0 && int64(len(l.Items)) == l.Count && l.Count == page.Count {
			return l, true
		}
	}
	return check.List{}, false
}

func itemIDs(items []jsonvalue.Object) []string {
	ids := []string{}
	for _, item := range items {
		ids = append(ids, facts.Short(item.Text("id")))
	}
	return ids
}

// counted returns the lists whose totals can be judged.
func counted(c *check.Case) []check.List {
	return slices.DeleteFunc(goodLists(c), func(l check.List) bool {
		other := l.R.Exchange.Identity == evidence.AsLegacy && l.R.IDs[evidence.APIKey] != l.R.IDs[evidence.Application]
		return undecodable(l, c) || other
	})
}

// totals returns what count of a list may be: the number of archives that match and, as no source says that count minds the filter, of all
// archives of the application.
func totals(c *check.Case, l check.List) (matching, all int64) {
	return int64(len(archivesOf(c, l.Query.Get("sessionId"), l.R))), int64(len(archivesOf(c, "", l.R)))
}

// listTotal compares count with the archives that the harness started and did not delete.
func listTotal(c *check.Case) {
	for _, l := range counted(c) {
		matching, all := totals(c, l)
		if !c.Owns(l.R.IDs[evidence.Application]) {
			sharedTotal(c, l, matching, all)
			continue
		}
		c.Want(l.Count == matching || l.Count == all, fmt.Sprintf("count %d, or %d without the filter", matching, all), fmt.Sprintf("count %d", l.Count), l.R)
	}
}

// sharedTotal judges a list of an application that others may use too. Its sessions are the harness's own. Of the whole list only
// the least count is known, unless all of it is on the page.
func sharedTotal(c *check.Case, l check.List, matching, known int64) {
	if l.Query.Get("sessionId") != "" {
		c.Want(l.Count == matching || l.Count >= known, fmt.Sprintf("count %d, or at least %d without the filter", matching, known), fmt.Sprintf("count %d", l.Count), l.R)
		return
	}
	expected, ok := fmt.Sprintf("at least the %d archives that the suite knows", known), l.Count >= known
	page := c.Number("list.count.default")
	if n, err := strconv.ParseInt(l.Query.Get("count"), 10, 64); err == nil {
		page = n
	}
	if items := int64(len(l.Items)); l.Query.Get("offset") == "" && items < page {
		expected, ok = fmt.Sprintf("count %d, the archives on the only page, and %s", items, expected), ok && l.Count == items
	}
	c.Want(ok, expected, fmt.Sprintf("count %d", l.Count), l.R)
}

func filteredTotal(c *check.Case) {
	for _, l := range counted(c) {
		if matching, _ := totals(c, l); l.Query.Get("sessionId") != "" {
			c.Want(l.Count == matching, fmt.Sprintf("count %d, the archives of the session", matching), fmt.Sprintf("count %d", l.Count), l.R)
		}
	}
}

// listDefaultPage needs more archives than a page without count may hold.
func listDefaultPage(c *check.Case) {
	most := c.Number("list.count.default")
	for _, l := range goodLists(c) {
		if !l.Query.Has("count") && !l.Query.Has("offset") && l.Count > most {
			c.Want(int64(len(l.Items)) == most, fmt.Sprintf("%d of %d archives without count", most, l.Count), fmt.Sprintf("%d archives", len(l.Items)), l.R)
		}
	}
}

func listBadPaging(c *check.Case) {
	for _, l := range c.Lists() {
		if bad(c, l) {
			c.Want(l.R.Exchange.Status() == 400 || l.OK, "400, or a list by the nearest allowed value", check.Outcome(l.R), l.R)
		}
	}
}

// listItemsEqualReads compares each item with the read of the same archive nearest to it in time. The archive must be at
// rest. Properties that change from read to read by design are ignored.
func listItemsEqualReads(c *check.Case) {
	for _, h := range c.Archives {
		for i, s := range h.Seen {
			if s.Via != evidence.ListArchives || i == 0 || !facts.Final(s.Status()) {
				continue
			}
			for _, other := range h.Seen {
				if other.Via != evidence.GetArchive || other.Status() != s.Status() || other.At.Exchange.Identity != s.At.Exchange.Identity {
					continue
				}
				keys := differing(s.Object, other.Object)
				c.Want(len(keys) == 0, "an item equal to the read of the archive", "different "+strings.Join(keys, ", "), s.At, other.At)
			}
		}
	}
}

// differing returns the properties with different values, and those that the item lacks although every archive has them.
func differing(item, read jsonvalue.Object) []string {
	var keys []string
	for key, v := range read {
		w, both := item[key]
		lacks := !both && slices.Contains(archiveRequired, key)
		if lacks || both && key != "url" && !jsonvalue.Same(v, w) && !rounded(key, item, read) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// rounded reports whether the list shows a time of the read in whole seconds, as the service does.
func rounded(key string, item, read jsonvalue.Object) bool {
	shown, ok := item.Instant(key)
	exact, known := read.Instant(key)
	return (key == "createdAt" || key == "updatedAt") && ok && known && shown.Equal(exact.Round(time.Second))
}

func listSequence(c *check.Case) {
	for _, l := range goodLists(c) {
		for i := 1; i < len(l.Items); i++ {
			a, b := l.Items[i-1], l.Items[i]
			if a.Text("sessionId") != b.Text("sessionId") || startSeq(c, a.Text("id")) == 0 || startSeq(c, b.Text("id")) == 0 {
				continue
			}
			x, okX := a.Whole("createdAt")
			y, okY := b.Whole("createdAt")
			later := startSeq(c, a.Text("id")) > startSeq(c, b.Text("id"))
			if together(c, a.Text("id"), b.Text("id")) {
				continue
			}
			c.Want(okX && okY && (later && x >= y || !later && y >= x), "createdAt in the order of the starts",
				a.Show("createdAt")+" beside "+b.Show("createdAt"), l.R)
		}
	}
}

// together reports whether two archives recorded at the same time. createdAt is their effective start (ARC-GET-04), which may come in
// another order than the calls.
func together(c *check.Case, a, b string) bool {
	first, last := c.ByID[a], c.ByID[b]
	if first.Start.Seq > last.Start.Seq {
		first, last = last, first
	}
	return !first.EndedBefore(last.Start)
}

func listOwnOnly(c *check.Case) {
	for _, l := range goodLists(c) {
		foreign := false
		for _, h := range c.StartedArchives() {
			foreign = foreign || h.Start.Seq < l.R.Seq && !h.Start.SameApp(l.R)
		}
		if !foreign {
			continue
		}
		var others []string
		for _, item := range l.Items {
			if h := c.ByID[item.Text("id")]; h != nil && h.Start.Exchange != nil && !h.Start.SameApp(l.R) {
				others = append(others, h.ID)
			}
		}
		c.Want(len(others) == 0, "archives of the own application only", "archives of another: "+strings.Join(others, ", "), l.R)
	}
}

func listNothing(c *check.Case) {
	for _, l := range c.Lists() {
		if id := l.Query.Get("sessionId"); id == "" || bad(c, l) || listsAutomatic(c, l) || len(archivesOf(c, id, l.R)) > 0 {
			continue
		}
		if len(goodLists(c)) == 0 {
			c.Unproven("an empty list by a target that lists archives", "no list was ever answered properly", l.R)
			return
		}
		_, all := totals(c, l)
		allowed := l.OK && (l.Count == 0 || l.Count == all) && len(l.Items) == 0 || undecodable(l, c) && l.R.Exchange.Status() == 400
		c.Want(allowed, "count 0, or that of all archives, and no items", check.Outcome(l.R)+fmt.Sprintf(" count %d, %d items", l.Count, len(l.Items)), l.R)
	}
}

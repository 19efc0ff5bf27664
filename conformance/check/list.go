package check

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reelcheck/conformance/evidence"
)

var listChecks = []Check{
	{"ARC-LIST-01", in(listing), listAnswers},
	{"ARC-LIST-02", in(listing), listNoOtherKeys},
	{"ARC-LIST-03", in(listing), listBySession},
	{"ARC-LIST-04", in(listing), listNewestFirst},
	{"ARC-LIST-05", in(listing), listPages},
	{"ARC-LIST-06", in(listing), listTotal},
	{"ARC-LIST-07", in(listing), listDefaultPage},
	{"ARC-LIST-09", in(listing), listBadPaging},
	{"ARC-LIST-10", in(listing), listItemsEqualReads},
	{"ARC-LIST-11", in(listing), listSequence},
	{"ARC-LIST-12", in(isolation), listOwnOnly},
	{"ARC-LIST-13", in(listing), listNothing},
}

// list is a list call with sound credentials.
type list struct {
	r     evidence.Record
	query url.Values
	ok    bool // 200 with count and items
	body  object
	count int64
	items []object
}

// lists are the list calls with sound credentials, in order.
func (c *Case) lists() []list {
	if c.facts.allLists == nil {
		c.facts.allLists = c.readLists()
	}
	return c.facts.allLists
}

func (c *Case) readLists() []list {
	out := []list{}
	for _, r := range c.calls("listArchives") {
		if !c.sound(r) {
			continue
		}
		l := list{r: r, query: query(r)}
		if r.Exchange.Status() == 200 {
			l.body, _ = c.decode(r.Exchange.Response.Body.Text)
			count, whole := l.body.whole("count")
			items, isArray := l.body["items"].([]any)
			l.ok, l.count = whole && isArray, count
			for _, item := range items {
				o, isObject := item.(map[string]any)
				l.items = append(l.items, o)
				l.ok = l.ok && isObject
			}
		}
		out = append(out, l)
	}
	return out
}

// bad tells paging that the documentation does not allow.
func (l list) bad() bool {
	for key, most := range map[string]int{"offset": 1<<31 - 1, "count": 1000} {
		if !l.query.Has(key) {
			continue
		}
		n, err := strconv.Atoi(l.query.Get(key))
		if err != nil || n < 0 || n > most {
			return true
		}
	}
	return false
}

// goodLists are the proper calls that were answered properly, of sessions whose archives the harness started itself.
func (c *Case) goodLists() []list {
	return slices.DeleteFunc(slices.Clone(c.lists()), func(l list) bool { return !l.ok || l.bad() || c.listsAutomatic(l) })
}

func (c *Case) listsAutomatic(l list) bool {
	s := c.sessions[l.query.Get("sessionId")]
	return s != nil && s.auto
}

func listAnswers(c *Case) {
	for _, l := range c.lists() {
		if l.bad() || l.undecodable(c) {
			continue
		}
		actual := outcome(l.r)
		if l.r.Exchange.Status() == 200 {
			actual = clip(l.r.Exchange.Response.Body.Text, 160)
		}
		c.want(l.ok, "200 with an object of count and items", actual, l.r)
	}
}

// undecodable: a session id the harness made up; the target may refuse it.
func (l list) undecodable(c *Case) bool {
	id := l.query.Get("sessionId")
	return id != "" && (c.sessions[id] == nil || c.sessions[id].created.Exchange == nil)
}

func listNoOtherKeys(c *Case) {
	for _, l := range c.goodLists() {
		var extra []string
		for key := range l.body {
			if key != "count" && key != "items" {
				extra = append(extra, key)
			}
		}
		slices.Sort(extra)
		c.want(len(extra) == 0, "no keys beside count and items", strings.Join(extra, ", "), l.r)
	}
}

func listBySession(c *Case) {
	for _, l := range c.goodLists() {
		id := l.query.Get("sessionId")
		if id == "" || l.undecodable(c) || len(c.archivesOf(id, l.r)) == 0 {
			continue
		}
		for _, item := range l.items {
			c.want(item.text("sessionId") == id, "archives of session "+id, item.show("sessionId"), l.r)
		}
		if l.query.Get("offset") == "" && l.query.Get("count") == "" {
			for _, h := range c.archivesOf(id, l.r) {
				c.want(slices.ContainsFunc(l.items, func(o object) bool { return o.text("id") == h.id }),
					"archive "+h.id+" of the session in the list", fmt.Sprintf("%d other items", len(l.items)), l.r, h.start)
			}
		}
	}
}

// archivesOf are the archives of a session that exist when r is sent: started and not deleted.
func (c *Case) archivesOf(session string, r evidence.Record) []*history {
	var out []*history
	for _, h := range c.startedArchives() {
		if h.start.Seq < r.Seq && (session == "" || h.start.IDs[evidence.Session] == session) && sameApp(h.start, r) && !h.deletedBefore(r) {
			out = append(out, h)
		}
	}
	return out
}

func (h *history) deletedBefore(r evidence.Record) bool {
	return slices.ContainsFunc(h.deletes, func(d evidence.Record) bool { return over(d).Before(sent(r)) && d.Exchange.Status() == 204 })
}

func listNewestFirst(c *Case) {
	for _, l := range c.goodLists() {
		if len(l.items) < 2 {
			continue
		}
		var started, ids []string
		for _, item := range l.items {
			ids = append(ids, item.text("id"))
		}
		known := slices.Clone(ids)
		slices.SortStableFunc(known, func(a, b string) int { return cmp.Compare(c.startSeq(b), c.startSeq(a)) })
		for _, id := range known {
			started = append(started, short(id))
		}
		for i := range ids {
			ids[i] = short(ids[i])
		}
		c.want(slices.Equal(ids, started), "the order of the starts, newest first: "+strings.Join(started, " "), strings.Join(ids, " "), l.r)
	}
}

func (c *Case) startSeq(id string) int64 {
	if h := c.byID[id]; h != nil {
		return h.start.Seq
	}
	return 0
}

func short(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

// listPages holds each page against the whole list that was read nearest to it.
func listPages(c *Case) {
	lists := c.goodLists()
	for _, page := range lists {
		if !page.query.Has("offset") && !page.query.Has("count") {
			continue
		}
		whole, ok := c.wholeOf(lists, page)
		if !ok {
			continue
		}
		offset, _ := strconv.Atoi(page.query.Get("offset"))
		count := 50
		if page.query.Has("count") {
			count, _ = strconv.Atoi(page.query.Get("count"))
		}
		from := min(offset, len(whole.items))
		want := itemIDs(whole.items[from:min(from+count, len(whole.items))])
		got := itemIDs(page.items)
		c.want(slices.Equal(got, want), fmt.Sprintf("items %d to %d of the list: %v", from, from+len(want), want), fmt.Sprint(got), page.r, whole.r)
	}
}

// wholeOf finds the unpaged list of the same application and filter with no start or deletion in between.
func (c *Case) wholeOf(lists []list, page list) (list, bool) {
	for _, l := range lists {
		if l.query.Has("offset") || l.query.Has("count") || l.query.Get("sessionId") != page.query.Get("sessionId") || !sameApp(l.r, page.r) {
			continue
		}
		from, to := l.r, page.r
		if from.Seq > to.Seq {
			from, to = to, from
		}
		_, accepted, deleted := c.between(from, to)
		if accepted == 0 && deleted == 0 && int64(len(l.items)) == l.count {
			return l, true
		}
	}
	return list{}, false
}

func itemIDs(items []object) []string {
	ids := []string{}
	for _, item := range items {
		ids = append(ids, short(item.text("id")))
	}
	return ids
}

// listTotal compares count with the archives that the harness started and did not delete.
func listTotal(c *Case) {
	for _, l := range c.goodLists() {
		if l.undecodable(c) || l.r.Exchange.Identity == "legacy" || !c.ownsAllOf(l.r) {
			continue
		}
		want := len(c.archivesOf(l.query.Get("sessionId"), l.r))
		c.want(l.count == int64(want), fmt.Sprintf("count %d", want), fmt.Sprintf("count %d", l.count), l.r)
	}
}

// ownsAllOf: the application is one that the harness made for itself, so that it knows all its archives.
func (c *Case) ownsAllOf(r evidence.Record) bool {
	_, made := c.apps[r.IDs[evidence.Application]]
	return made
}

// listDefaultPage needs more archives than a page without count may hold.
func listDefaultPage(c *Case) {
	most := c.number("list.count.default")
	for _, l := range c.goodLists() {
		if !l.query.Has("count") && !l.query.Has("offset") && l.count > most {
			c.want(int64(len(l.items)) == most, fmt.Sprintf("%d of %d archives without count", most, l.count), fmt.Sprintf("%d archives", len(l.items)), l.r)
		}
	}
}

func listBadPaging(c *Case) {
	for _, l := range c.lists() {
		if l.bad() {
			c.want(l.r.Exchange.Status() == 400 || l.ok, "400, or a list by the nearest allowed value", outcome(l.r), l.r)
		}
	}
}

// listItemsEqualReads compares each item with the read of the same archive nearest to it; the archive must be
// at rest, and what differs from read to read by design is left out.
func listItemsEqualReads(c *Case) {
	for _, h := range c.archives {
		for i, s := range h.seen {
			if s.via != "listArchives" || i == 0 || !final(s.status()) {
				continue
			}
			for _, other := range h.seen {
				if other.via != "getArchive" || other.status() != s.status() || other.at.Exchange.Identity != s.at.Exchange.Identity {
					continue
				}
				keys := differing(s.object, other.object)
				c.want(len(keys) == 0, "an item equal to the read of the archive", "different "+strings.Join(keys, ", "), s.at, other.at)
			}
		}
	}
}

func final(status string) bool {
	return slices.Contains([]string{"uploaded", "available", "expired", "failed"}, status)
}

func differing(a, b object) []string {
	var keys []string
	for key := range a {
		if _, both := b[key]; !both {
			keys = append(keys, key)
		}
	}
	for key, v := range b {
		if key == "url" {
			continue
		}
		if w, both := a[key]; !both || !sameJSON(v, w) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

func listSequence(c *Case) {
	for _, l := range c.goodLists() {
		for i := 1; i < len(l.items); i++ {
			a, b := l.items[i-1], l.items[i]
			if a.text("sessionId") != b.text("sessionId") || c.startSeq(a.text("id")) == 0 || c.startSeq(b.text("id")) == 0 {
				continue
			}
			x, okX := a.whole("createdAt")
			y, okY := b.whole("createdAt")
			later := c.startSeq(a.text("id")) > c.startSeq(b.text("id"))
			c.want(okX && okY && (later && x >= y || !later && y >= x), "createdAt in the order of the starts",
				a.show("createdAt")+" beside "+b.show("createdAt"), l.r)
		}
	}
}

func listOwnOnly(c *Case) {
	for _, l := range c.goodLists() {
		foreign := false
		for _, h := range c.startedArchives() {
			foreign = foreign || h.start.Seq < l.r.Seq && !sameApp(h.start, l.r)
		}
		if !foreign {
			continue
		}
		var others []string
		for _, item := range l.items {
			if h := c.byID[item.text("id")]; h != nil && h.start.Exchange != nil && !sameApp(h.start, l.r) {
				others = append(others, h.id)
			}
		}
		c.want(len(others) == 0, "archives of the own application only", "archives of another: "+strings.Join(others, ", "), l.r)
	}
}

func listNothing(c *Case) {
	for _, l := range c.lists() {
		if id := l.query.Get("sessionId"); id == "" || l.bad() || c.listsAutomatic(l) || len(c.archivesOf(id, l.r)) > 0 {
			continue
		}
		if len(c.goodLists()) == 0 {
			c.blocked("an empty list by a target that lists archives", "no list was ever answered properly", l.r)
			return
		}
		allowed := l.ok && l.count == 0 && len(l.items) == 0 || l.undecodable(c) && l.r.Exchange.Status() == 400
		c.want(allowed, "count 0 and no items", outcome(l.r)+fmt.Sprintf(" count %d, %d items", l.count, len(l.items)), l.r)
	}
}

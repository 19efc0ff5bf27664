package check

import (
	"net/url"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
)

// List is a list call with proper credentials.
type List struct {
	R     evidence.Record
	Query url.Values
	OK    bool // status 200, with count and items
	Body  jsonvalue.Object
	Count int64
	Items []jsonvalue.Object
}

// Lists returns the list calls with proper credentials, in order.
func (c *Case) Lists() []List {
	type lists struct{}
	return facts.Once(c.Facts, lists{}, c.readLists)
}

func (c *Case) readLists() []List {
	out := []List{}
	for _, r := range c.Calls(evidence.ListArchives) {
		if !c.Sound(r) {
			continue
		}
		l := List{R: r, Query: query(r)}
		if r.Exchange.Status() == 200 {
			l.Body, _ = c.Decode(r.Exchange.Response.Body.Text)
			count, whole := l.Body.Whole("count")
			items, isArray := l.Body["items"].([]any)
			l.OK, l.Count = whole && isArray, count
			for _, item := range items {
				o, isObject := item.(map[string]any)
				l.Items = append(l.Items, o)
				l.OK = l.OK && isObject
			}
		}
		out = append(out, l)
	}
	return out
}

func query(r evidence.Record) url.Values {
	u, err := url.Parse(r.Exchange.Request.URL)
	if err != nil {
		return nil
	}
	return u.Query()
}

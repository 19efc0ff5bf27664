package scenario

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// listing makes many archives without media and reads the list in every way.
var listing = Scenario{
	Name: name.Listing, Title: "listing: order, paging, filter, count",
	Within: 90 * time.Second, run: runListing,
}

const (
	// listed archives are told apart by their order, so the clock moves between them.
	betweenStarts = 2 * time.Second
	// crowd is how many archives it takes to see that a page without count ends at 50.
	crowd = 52
	// largest is how many archives a page holds at most.
	largest = 1000
)

func runListing(ctx context.Context, f *flow) error {
	var sessions [2]string
	for i, label := range []string{"session.one", "session.two"} {
		var err error
		if sessions[i], err = f.session(ctx, label); err != nil {
			return err
		}
		if _, err := f.join(ctx, sessions[i], []string{"alice", "bob"}[i]); err != nil {
			return err
		}
	}
	nobody, err := f.session(ctx, "session.none")
	if err != nil {
		return err
	}
	var ids []string
	for i := range 5 {
		a, err := brief(ctx, f, sessions[i%2], "listed")
		if err != nil {
			return err
		}
		ids = append(ids, a.ID)
		if err := apart(ctx, f); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if _, err := f.must(ctx, "wait.delivered", id, delivery, "uploaded", "available", "failed"); err != nil {
			return err
		}
	}
	for _, q := range []struct {
		label string
		query url.Values
	}{
		{"list.all", nil},
		{"list.one", url.Values{"sessionId": {sessions[0]}}},
		{"list.two", url.Values{"sessionId": {sessions[1]}}},
		{"list.none", url.Values{"sessionId": {nobody}}},
		{"list.page-1", url.Values{"count": {"2"}}},
		{"list.page-2", url.Values{"offset": {"2"}, "count": {"2"}}},
		{"list.page-3", url.Values{"offset": {"4"}, "count": {"2"}}},
		{"list.offset", url.Values{"offset": {"3"}}},
		{"list.beyond", url.Values{"offset": {"100"}}},
		{"list.one-page", url.Values{"sessionId": {sessions[0]}, "offset": {"1"}, "count": {"1"}}},
		{"list.most", url.Values{"count": {"1000"}}},
	} {
		if _, err := f.as.List(ctx, q.label, q.query, false); err != nil {
			return err
		}
	}
	for label, q := range badPaging {
		if _, err := f.as.List(ctx, label, q, true); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if _, err := f.as.Get(ctx, "get.listed", id); err != nil {
			return err
		}
	}
	var members []started
	for range crowd - len(ids) {
		a, err := brief(ctx, f, sessions[0], "crowd")
		if err != nil {
			return err
		}
		members = append(members, a)
	}
	if _, err = f.as.List(ctx, "list.crowd", nil, false); err != nil {
		return err
	}
	for _, a := range members {
		if _, err := f.awaitHooks(ctx, "hooks.crowd", a.ID, soon, "stopped"); err != nil {
			return err
		}
	}
	return overfill(ctx, f, sessions[0])
}

// overfill asks for a page larger than any; a target that does not refuse it gets more archives than a page holds.
func overfill(ctx context.Context, f *flow, session string) error {
	larger := url.Values{"count": {strconv.Itoa(largest + 1)}}
	a, err := f.as.List(ctx, "list.larger", larger, true)
	if err != nil || a.Status != http.StatusOK {
		return err
	}
	for range largest + 1 - crowd {
		if _, err := brief(ctx, f, session, "overfill"); err != nil {
			return err
		}
	}
	_, err = f.as.List(ctx, "list.full", larger, true)
	return err
}

var badPaging = map[string]url.Values{
	"list.bad-offset": {"offset": {"-1"}}, "list.bad-count": {"count": {"many"}}, "list.big-count": {"count": {"1001"}},
}

// brief starts an archive that nobody publishes to, and stops it with one of the two bodies that are allowed.
func brief(ctx context.Context, f *flow, session, name string) (started, error) {
	a, err := f.start(ctx, "start."+name, session, map[string]any{"name": name})
	if err != nil {
		return a, err
	}
	var body []byte
	if name == "listed" {
		body = []byte("{}")
	}
	got, err := f.as.Stop(ctx, "stop."+name, a.ID, body)
	if err == nil && got.Status != 200 {
		err = blocked("stop."+name, "stopping the archive answered %s", describe(got))
	}
	return a, err
}

// apart lets the application's time pass between two archives.
func apart(ctx context.Context, f *flow) error {
	if f.Target.File.Time != target.Virtual {
		return sleep(ctx, betweenStarts)
	}
	_, err := f.as.Advance(ctx, "clock.apart", betweenStarts)
	return err
}

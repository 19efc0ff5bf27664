package access

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
)

// Listing makes many archives without media and reads the list in every way.
var Listing = scenario.Scenario{
	Name: scenarios.Listing, Title: "listing: order, paging, filter, count",
	Within: 90 * time.Second, Run: runListing,
}

const (
	// listed archives are told apart by their order, so the clock moves between them.
	betweenStarts = 2 * time.Second
	// crowd is how many archives it takes to see that a page without count ends at 50.
	crowd = 52
	// largest is how many archives a page holds at most.
	largest = 1000
)

// lister is a flow that makes archives and lists them.
type lister struct {
	*scenario.Flow
	sessions [2]string
	nobody   string   // a session without archives
	few      []string // archives, the oldest first
}

func runListing(ctx context.Context, f *scenario.Flow) error {
	l := &lister{Flow: f}
	return scenario.InTurn(ctx, l.gather, l.makeFew, l.listFew, l.makeCrowd, l.overfill)
}

// gather opens two sessions with a client each, and one with none.
func (l *lister) gather(ctx context.Context) (err error) {
	for i, label := range []string{"session.one", "session.two"} {
		if l.sessions[i], err = l.Session(ctx, label); err != nil {
			return err
		}
		if _, err := l.Join(ctx, l.sessions[i], []string{"alice", "bob"}[i]); err != nil {
			return err
		}
	}
	l.nobody, err = l.Session(ctx, "session.none")
	return err
}

// makeFew makes archives in both sessions by turns.
func (l *lister) makeFew(ctx context.Context) error {
	for i := range 5 {
		a, err := l.brief(ctx, l.sessions[i%2], "listed")
		if err != nil {
			return err
		}
		l.few = append(l.few, a.ID)
		if err := l.apart(ctx); err != nil {
			return err
		}
	}
	for _, id := range l.few {
		if _, err := l.Must(ctx, "wait.delivered", id, scenario.Delivery, "uploaded", "available", "failed"); err != nil {
			return err
		}
	}
	return nil
}

// listFew asks for pages, good and bad, and reads what is listed.
func (l *lister) listFew(ctx context.Context) error {
	for _, q := range []struct {
		label string
		query url.Values
	}{
		{"list.all", nil},
		{"list.one", url.Values{"sessionId": {l.sessions[0]}}},
		{"list.two", url.Values{"sessionId": {l.sessions[1]}}},
		{"list.none", url.Values{"sessionId": {l.nobody}}},
		{"list.page-1", url.Values{"count": {"2"}}},
		{"list.page-2", url.Values{"offset": {"2"}, "count": {"2"}}},
		{"list.page-3", url.Values{"offset": {"4"}, "count": {"2"}}},
		{"list.offset", url.Values{"offset": {"3"}}},
		{"list.beyond", url.Values{"offset": {"100"}}},
		{"list.one-page", url.Values{"sessionId": {l.sessions[0]}, "offset": {"1"}, "count": {"1"}}},
		{"list.most", url.Values{"count": {"1000"}}},
	} {
		if _, err := l.As.List(ctx, q.label, q.query, false); err != nil {
			return err
		}
	}
	for label, q := range badPaging {
		if _, err := l.As.List(ctx, label, q, true); err != nil {
			return err
		}
	}
	for _, id := range l.few {
		if _, err := l.As.Get(ctx, "get.listed", id); err != nil {
			return err
		}
	}
	return nil
}

// makeCrowd makes archives up to more than a page has by itself, and lists.
func (l *lister) makeCrowd(ctx context.Context) error {
	var members []scenario.Started
	for range crowd - len(l.few) {
		a, err := l.brief(ctx, l.sessions[0], "crowd")
		if err != nil {
			return err
		}
		members = append(members, a)
	}
	if _, err := l.As.List(ctx, "list.crowd", nil, false); err != nil {
		return err
	}
	for _, a := range members {
		if err := l.AwaitHooks(ctx, "hooks.crowd", a.ID, scenario.Soon, "stopped"); err != nil {
			return err
		}
	}
	return nil
}

// overfill asks for a page larger than any; a target that does not refuse it gets more archives than a page holds.
func (l *lister) overfill(ctx context.Context) error {
	larger := url.Values{"count": {strconv.Itoa(largest + 1)}}
	a, err := l.As.List(ctx, "list.larger", larger, true)
	if err != nil || a.Status != http.StatusOK {
		return err
	}
	for range largest + 1 - crowd {
		if _, err := l.brief(ctx, l.sessions[0], "overfill"); err != nil {
			return err
		}
	}
	_, err = l.As.List(ctx, "list.full", larger, true)
	return err
}

var badPaging = map[string]url.Values{
	"list.bad-offset": {"offset": {"-1"}}, "list.bad-count": {"count": {"many"}}, "list.big-count": {"count": {"1001"}},
}

// brief starts an archive that nobody publishes to, and stops it with one of the two bodies that are allowed.
func (l *lister) brief(ctx context.Context, session, name string) (scenario.Started, error) {
	a, err := l.Start(ctx, "start."+name, session, map[string]any{"name": name})
	if err != nil {
		return a, err
	}
	var body []byte
	if name == "listed" {
		body = []byte("{}")
	}
	got, err := l.As.Stop(ctx, "stop."+name, a.ID, body)
	if err == nil && got.Status != 200 {
		err = scenario.Blocked("stop."+name, "stopping the archive answered %s", scenario.Describe(got))
	}
	return a, err
}

// apart lets the application's time pass between two archives.
func (l *lister) apart(ctx context.Context) error {
	if l.Target.File.Time != config.Virtual {
		return scenario.Sleep(ctx, betweenStarts)
	}
	_, err := l.As.Advance(ctx, "clock.apart", betweenStarts)
	return err
}

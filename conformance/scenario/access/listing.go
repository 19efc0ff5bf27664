package access

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
)

// Listing makes many archives without media and reads the list in every way.
var Listing = scenario.Scenario{
	Name: scenarios.Listing, Title: "listing: order, paging, filter, count",
	Alone: true, Within: 90 * time.Second, Run: runListing,
}

const (
	// betweenStarts separates the listed archives, which are identified by their order, so the clock moves between them.
	betweenStarts = 2 * time.Second
	// crowd is the number of archives that shows that a page without count ends at 50.
	crowd = 52
	// largest is the largest number of archives on a page.
	largest = 1000
)

// lister is a flow that makes archives and lists them.
type lister struct {
	*scenario.Flow
	sessions [2]string
	alice    *scenario.Member // in the first session
	nobody   string           // id of a session without archives
	few      []string         // archives, oldest first
}

func runListing(ctx context.Context, f *scenario.Flow) error {
	l := &lister{Flow: f}
	return scenario.InTurn(ctx, l.gather, l.makeFew, l.listFew, l.makeCrowd, l.overfill)
}

// gather opens two sessions with a client each, and one without.
func (l *lister) gather(ctx context.Context) (err error) {
	for i, label := range []string{"session.one", "session.two"} {
		if l.sessions[i], err = l.Session(ctx, label); err != nil {
			return err
		}
		m, err := l.Present(ctx, l.sessions[i], []string{"alice", "bob"}[i], []string{"tone-11", "tone-12"}[i])
		if err != nil {
			return err
		}
		if l.alice == nil {
			l.alice = m
		}
	}
	l.nobody, err = l.Session(ctx, "session.none")
	return err
}

// makeFew makes archives in both sessions in turn.
func (l *lister) makeFew(ctx context.Context) error {
	for i := range 4 {
		a, err := l.brief(ctx, l.sessions[i%2], "listed")
		if err != nil {
			return err
		}
		l.few = append(l.few, a.ID)
		if err := l.apart(ctx); err != nil {
			return err
		}
	}
	if err := l.makeLate(ctx); err != nil {
		return err
	}
	for _, id := range l.few {
		if _, err := l.Must(ctx, "wait.delivered", id, scenario.Delivery, "uploaded", "available", "failed"); err != nil {
			return err
		}
	}
	return nil
}

// makeLate makes an archive whose effective start, when its first client publishes, is some time after the call. A newer one of the other session
// ends before it does.
func (l *lister) makeLate(ctx context.Context) error {
	a, err := l.Start(ctx, "start.late", l.sessions[0], map[string]any{"name": "late"})
	if err != nil {
		return err
	}
	l.few = append(l.few, a.ID)
	if err := l.apart(ctx); err != nil {
		return err
	}
	newer, err := l.brief(ctx, l.sessions[1], "listed")
	if err != nil {
		return err
	}
	l.few = append(l.few, newer.ID)
	if _, err := l.As.List(ctx, "list.late", nil, false); err != nil {
		return err
	}
	if l.alice.Pub == nil { // else she publishes because she has to be there
		if err := l.alice.Publish(ctx, "", "tone-11"); err != nil {
			return err
		}
		if err := clock.Sleep(ctx, time.Second); err != nil {
			return err
		}
		if err := l.alice.Unpublish(ctx); err != nil {
			return err
		}
	}
	return l.Stop(ctx, "stop.late", a.ID)
}

// listFew requests good and bad pages and reads the listed archives.
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

// makeCrowd makes more archives than a page has by default, and lists them.
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

// overfill requests a larger page than is allowed. It makes no archives to fill one: they would be a thousand.
func (l *lister) overfill(ctx context.Context) error {
	_, err := l.As.List(ctx, "list.larger", url.Values{"count": {strconv.Itoa(largest + 1)}}, true)
	return err
}

var badPaging = map[string]url.Values{
	"list.bad-offset": {"offset": {"-1"}}, "list.bad-count": {"count": {"many"}}, "list.big-count": {"count": {"1001"}},
	"list.worded-offset": {"offset": {"few"}}, "list.negative-count": {"count": {"-1"}},
	"list.huge-offset": {"offset": {"99999999999999999999"}}, "list.huge-count": {"count": {"99999999999999999999"}},
}

// brief starts an archive that nobody publishes to and stops it with one of the two allowed bodies.
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
		err = scenario.Blocked("stop."+name, "stopping the archive answered %s", got.Describe())
	}
	return a, err
}

// apart lets policy time pass between two archives. Where it is real time there is so little of it that no limit of waits holds.
func (l *lister) apart(ctx context.Context) error {
	if !l.Clock.Steered() {
		return clock.Sleep(ctx, betweenStarts)
	}
	return l.Clock.Pass(ctx, "clock.apart", betweenStarts)
}

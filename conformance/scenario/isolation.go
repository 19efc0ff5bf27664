package scenario

import (
	"context"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

// isolation has two applications, each with proper credentials, that must not reach each other.
var isolation = Scenario{
	Name: Isolation, Title: "two applications that must not see or touch each other's archives",
	Needs: []target.Capability{target.Control}, Within: 60 * time.Second, run: runIsolation,
}

func runIsolation(ctx context.Context, f *flow) error {
	client, _, err := f.application(ctx, "application.foreign", appKind{name: "foreign"})
	if err != nil {
		return err
	}
	session, err := f.session(ctx, "session")
	if err != nil {
		return err
	}
	if _, err := f.join(ctx, session, "alice"); err != nil {
		return err
	}
	a, err := f.start(ctx, "start", session, map[string]any{"name": "mine"})
	if err != nil {
		return err
	}
	for _, as := range intruders(f, client) {
		if err := intrude(ctx, as.As, as.name, a); err != nil {
			return err
		}
	}
	if _, err := f.get(ctx, "get.unharmed", a.ID); err != nil {
		return err
	}
	if err := f.stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	if err := f.deliver(ctx, a.ID); err != nil {
		return err
	}
	if _, err := client.Unified().Delete(ctx, "delete.foreign.delivered", a.ID); err != nil {
		return err
	}
	if _, err := f.get(ctx, "get.delivered", a.ID); err != nil {
		return err
	}
	if _, err := f.as.List(ctx, "list.own", url.Values{}, false); err != nil {
		return err
	}
	from := time.Now()
	if err := sleep(ctx, quiet); err != nil {
		return err
	}
	// The foreign application's endpoint is one of ours: what came there is in the evidence as webhook.foreign.
	return f.watched("quiet.foreign", evidence.Watch{What: "webhooks", Span: evidence.Span{From: from, To: time.Now()}},
		map[string]string{evidence.Application: client.App.ID})
}

type intruder struct {
	name string
	target.As
}

// intruders are the foreign application under its own path, and under the path of the owner.
func intruders(f *flow, client *target.Client) []intruder {
	all := []intruder{
		{"foreign", client.Unified()},
		{"foreign-path", target.As{Client: client, Identity: target.AsUnified, Project: f.as.App.ID}},
	}
	if f.Target.File.Has(target.Legacy) {
		all = append(all,
			intruder{"foreign-legacy", client.Legacy()},
			intruder{"foreign-legacy-path", target.As{Client: client, Identity: target.AsLegacy, Project: f.as.App.APIKey}})
	}
	return all
}

func intrude(ctx context.Context, as target.As, name string, a started) error {
	if _, err := as.Get(ctx, "get."+name, a.ID); err != nil {
		return err
	}
	if _, err := as.Stop(ctx, "stop."+name, a.ID, nil); err != nil {
		return err
	}
	if _, err := as.Delete(ctx, "delete."+name, a.ID); err != nil {
		return err
	}
	if _, err := as.Start(ctx, "start."+name, map[string]any{"sessionId": a.Session, "multiArchiveTag": name}); err != nil {
		return err
	}
	_, err := as.List(ctx, "list."+name, nil, false)
	return err
}

// listing makes many archives without media and reads the list in every way.
var listing = Scenario{
	Name: Listing, Title: "listing: order, paging, filter, count",
	Within: 90 * time.Second, run: runListing,
}

const (
	// listed archives are told apart by their order, so the clock moves between them.
	betweenStarts = 2 * time.Second
	// crowd is how many archives it takes to see that a page without count ends at 50.
	crowd = 52
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
		a, err := f.brief(ctx, sessions[i%2], "listed")
		if err != nil {
			return err
		}
		ids = append(ids, a.ID)
		if err := f.apart(ctx); err != nil {
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
		if _, err := f.get(ctx, "get.listed", id); err != nil {
			return err
		}
	}
	var members []started
	for range crowd - len(ids) {
		a, err := f.brief(ctx, sessions[0], "crowd")
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
	return nil
}

var badPaging = map[string]url.Values{
	"list.bad-offset": {"offset": {"-1"}}, "list.bad-count": {"count": {"many"}}, "list.big-count": {"count": {"1001"}},
}

// brief starts an archive that nobody publishes to, and stops it with one of the two bodies that are allowed.
func (f *flow) brief(ctx context.Context, session, name string) (started, error) {
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
func (f *flow) apart(ctx context.Context) error {
	if f.Target.File.Time != target.Virtual {
		return sleep(ctx, betweenStarts)
	}
	_, err := f.as.Advance(ctx, "clock.apart", betweenStarts)
	return err
}

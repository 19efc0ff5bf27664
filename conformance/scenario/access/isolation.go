package access

import (
	"context"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Isolation has two applications with proper credentials that must not reach each other.
var Isolation = scenario.Scenario{
	Name: scenarios.Isolation, Title: "two applications that must not see or touch each other's archives",
	Alone: true, Within: 60 * time.Second, Beside: []string{role.Foreign}, Run: runIsolation,
}

func runIsolation(ctx context.Context, f *scenario.Flow) error {
	client, _, err := f.Application(ctx, "application.foreign", scenario.App{Name: role.Foreign})
	if err != nil {
		return err
	}
	session, err := f.Session(ctx, "session")
	if err != nil {
		return err
	}
	if _, err := f.Present(ctx, session, "alice", "tone-11"); err != nil {
		return err
	}
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "mine"})
	if err != nil {
		return err
	}
	others := intruders(f, client)
	for _, as := range others {
		if err := intrude(ctx, as.As, as.name, a); err != nil {
			return err
		}
	}
	if _, err := f.As.Get(ctx, "get.unharmed", a.ID); err != nil {
		return err
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	if err := f.Deliver(ctx, a.ID); err != nil {
		return err
	}
	if _, err := others[0].Delete(ctx, "delete.foreign.delivered", a.ID); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.delivered", a.ID); err != nil {
		return err
	}
	if _, err := f.As.List(ctx, "list.own", url.Values{}, false); err != nil {
		return err
	}
	from := time.Now()
	if err := clock.Sleep(ctx, scenario.Quiet); err != nil {
		return err
	}
	// The foreign application's endpoint belongs to the suite: what arrived there is in the evidence as webhook.foreign.
	return f.Watched("quiet.foreign", evidence.Watch{What: "webhooks", Span: evidence.Span{From: from, To: time.Now()}},
		map[string]string{evidence.Application: client.App.Name()})
}

type intruder struct {
	name string
	target.As
}

// intruders returns the foreign application under its own path, and under both paths of the owner.
func intruders(f *scenario.Flow, client *target.Client) []intruder {
	var all []intruder
	if f.Target.File.Has(config.Unified) {
		all = append(all,
			intruder{"foreign", client.Unified()},
			intruder{"foreign-path", target.As{Client: client, Identity: evidence.AsUnified, Project: f.As.App.Name()}})
	}
	if f.Target.File.Has(config.Legacy) {
		all = append(all,
			intruder{"foreign-legacy", client.Legacy()},
			intruder{"foreign-legacy-path", target.As{Client: client, Identity: evidence.AsLegacy, Project: f.As.App.APIKey}},
			intruder{"foreign-legacy-id", target.As{Client: client, Identity: evidence.AsLegacy, Project: f.As.App.ID}},
			intruder{"foreign-key", target.As{Client: client, Identity: evidence.AsUnified, Project: f.As.App.APIKey}})
	}
	return all
}

func intrude(ctx context.Context, as target.As, name string, a scenario.Started) error {
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
	if _, err := as.List(ctx, "list.session."+name, url.Values{"sessionId": {a.Session}}, true); err != nil {
		return err
	}
	if _, err := as.List(ctx, "list."+name, nil, false); err != nil || as.Project == "" {
		return err
	}
	return meddle(ctx, as, name, a)
}

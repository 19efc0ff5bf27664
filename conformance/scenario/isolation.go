package scenario

import (
	"context"
	"net/url"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

// isolation has two applications, each with proper credentials, that must not reach each other.
var isolation = Scenario{
	Name: name.Isolation, Title: "two applications that must not see or touch each other's archives",
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
	if _, err := f.as.Get(ctx, "get.unharmed", a.ID); err != nil {
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
	if _, err := f.as.Get(ctx, "get.delivered", a.ID); err != nil {
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

package delivery

import (
	"context"
	"errors"
	"net/url"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario"
)

// linkOf reads an archive and returns its download link. Without a link it blocks the flow.
func linkOf(ctx context.Context, f *scenario.Flow, label, id string) (string, error) {
	a, err := f.As.Get(ctx, label, id)
	if err != nil {
		return "", err
	}
	link := a.String("url")
	if link == "" {
		return "", scenario.Blocked(label, "no url in the archive: %s", a.Describe())
	}
	return link, nil
}

// seen returns the archive and the link in the answer with that label. The archive is "" if there is none.
func seen(f *scenario.Flow, label string) (id, link string) {
	r, ok := f.Journal.View().Scenario(f.Scenario.Name).Label(label).Exchanges().Last()
	if !ok {
		return "", ""
	}
	var answer struct{ URL string }
	_ = r.Exchange.Decode(&answer) // without a url the flow would not have come here
	return r.IDs[evidence.Archive], answer.URL
}

// expired waits for the end of an archive and tries the last link to it. The callback about it is awaited only by a flow that
// has listened since the start.
func expired(ctx context.Context, f *scenario.Flow, prefix, id string) error {
	if _, _, err := f.Await(ctx, prefix+"wait.expired", id, scenario.Soon, "expired"); err != nil {
		return err
	}
	if !f.Resumed {
		if err := f.AwaitHooks(ctx, prefix+"hooks.expired", id, scenario.Soon, "expired"); err != nil {
			return err
		}
	}
	last := prefix + "get.before-expiry"
	if _, link := seen(f, last); link == "" {
		last = prefix + "get.fresh"
	}
	return open(ctx, f, prefix+"download.expired", last)
}

// open downloads from the link in the answer with the label given.
func open(ctx context.Context, f *scenario.Flow, label, given string) error {
	id, link := seen(f, given)
	if link == "" {
		return nil
	}
	_, err := download(ctx, f, label, id, link, false)
	return err
}

func linkAlive(ctx context.Context, f *scenario.Flow) error {
	return open(ctx, f, "download.link-alive", "get.fresh")
}

func linkDead(ctx context.Context, f *scenario.Flow) error {
	if err := errors.Join(open(ctx, f, "download.link-dead", "get.fresh"), open(ctx, f, "download.link-dead", "get.available")); err != nil {
		return err
	}
	id, _ := seen(f, "get.fresh")
	again, err := linkOf(ctx, f, "get.link-again", id)
	if err != nil {
		return err
	}
	_, err = download(ctx, f, "download.link-again", id, again, false)
	return err
}

func beforeExpiry(ctx context.Context, f *scenario.Flow) error {
	for _, prefix := range []string{"", "individual."} {
		id, _ := seen(f, prefix+"get.fresh")
		if id == "" {
			continue
		}
		link, err := linkOf(ctx, f, prefix+"get.before-expiry", id)
		if err != nil {
			return err
		}
		if _, err := download(ctx, f, prefix+"download.before-expiry", id, link, false); err != nil {
			return err
		}
	}
	return nil
}

// afterExpiry follows the first archive to the end of its 72 hours.
func afterExpiry(ctx context.Context, f *scenario.Flow) error {
	id, _ := seen(f, "get.fresh")
	if err := expired(ctx, f, "", id); err != nil {
		return err
	}
	if err := list(ctx, f, "list.expired"); err != nil {
		return err
	}
	if _, err := f.As.Delete(ctx, "delete.expired", id); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.expired", id); err != nil || f.Resumed {
		return err
	}
	return f.Watch(ctx, "quiet", "webhooks", id, scenario.Quiet)
}

// list lists the archives of the flow's session.
func list(ctx context.Context, f *scenario.Flow, label string) error {
	started, _ := f.Journal.View().Scenario(f.Scenario.Name).Label("start").Last()
	_, err := f.As.List(ctx, label, url.Values{"sessionId": {started.IDs[evidence.Session]}}, false)
	return err
}

// individualExpiry follows the individual archive, which began some minutes later, to its end. One that was deleted and began before it must
// not come back then.
func individualExpiry(ctx context.Context, f *scenario.Flow) error {
	id, _ := seen(f, "individual.get.fresh")
	if id == "" {
		return nil
	}
	if err := expired(ctx, f, "individual.", id); err != nil {
		return err
	}
	return list(ctx, f, "individual.list.expired")
}

// Package delivery has the scenarios about how archives are delivered: uploads, download links, encryption, refused
// callbacks.
package delivery

import (
	"context"
	"errors"
	"net/url"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target/config"
)

// Cloud has no upload target: the service keeps the archive and offers signed download links.
var Cloud = scenario.Scenario{
	Name: scenarios.Cloud, Title: "built-in storage: download links, their ten minutes, and the end after 72 hours",
	Needs: []config.Capability{config.VP8, config.Cloud}, Media: 2, Within: 2 * time.Minute,
	App: scenario.App{Name: "cloud", Cloud: true}, Run: runCloud,
}

const (
	linkLife  = 10 * time.Minute // limits.yaml has it too; here it only says when to look
	cloudLife = 72 * time.Hour
	justDead  = 7 * time.Second // after the end of a link; the ledger allows 5 s
)

type cloudFlow struct {
	*scenario.Flow
	session string
	began   time.Time // policy time just before the first start
	first   scenario.Started
	second  scenario.Started
}

func runCloud(ctx context.Context, f *scenario.Flow) error {
	c := &cloudFlow{Flow: f}
	if err := c.record(ctx); err != nil {
		return err
	}
	link, err := c.look(ctx)
	if err != nil {
		return err
	}
	if err := c.discard(ctx); err != nil {
		return err
	}
	if f.Target.File.Time != config.Virtual {
		return f.Note("time", "the life of links and files is not looked at without a virtual clock")
	}
	if err := c.links(ctx, link); err != nil {
		return err
	}
	return c.expire(ctx)
}

// record makes two short archives, one after the other, of moving pictures: a file of some size shows where it is cut. The
// first has a tag.
func (c *cloudFlow) record(ctx context.Context) (err error) {
	var alice *scenario.Member
	if c.session, alice, err = c.Alone(ctx, "motion", "tone-05"); err != nil {
		return err
	}
	if c.Target.File.Time == config.Virtual {
		if c.began, _, err = c.As.Policy(ctx, "clock.start"); err != nil {
			return err
		}
	}
	for _, a := range []struct {
		into *scenario.Started
		nth  string
		long time.Duration
	}{{&c.first, "", 2 * time.Second}, {&c.second, ".2", time.Second}} {
		options := map[string]any{"name": "cloud" + a.nth}
		if a.nth == "" && c.Target.File.Has(config.Simultaneous) {
			options["multiArchiveTag"] = "cloud"
		}
		if *a.into, err = c.Start(ctx, "start"+a.nth, c.session, options); err != nil {
			return err
		}
		if err := scenario.Sleep(ctx, a.long); err != nil {
			return err
		}
		if err := c.Stop(ctx, "stop"+a.nth, a.into.ID); err != nil {
			return err
		}
	}
	err = alice.Leave(ctx)
	c.Silent()
	return err
}

// look downloads the first archive and tries forged links. It returns a good link.
func (c *cloudFlow) look(ctx context.Context) (string, error) {
	id := c.first.ID
	if _, err := c.Must(ctx, "wait.available", id, scenario.Delivery, "available", "failed"); err != nil {
		return "", err
	}
	if err := c.AwaitHooks(ctx, "hooks.available", id, scenario.Soon, "stopped", "available"); err != nil {
		return "", err
	}
	if _, err := c.As.List(ctx, "list.available", url.Values{"sessionId": {c.session}}, false); err != nil {
		return "", err
	}
	link, err := c.link(ctx, "get.available", id)
	if err != nil {
		return "", err
	}
	if _, err := download(ctx, c.Flow, "download", id, link, true); err != nil {
		return "", err
	}
	for _, what := range []string{"signature", "expiry", "path"} {
		forged, err := tamper(link, what)
		if err != nil {
			if err := c.Note("download.forged-"+what, err.Error()); err != nil {
				return "", err
			}
			continue
		}
		if _, err := download(ctx, c.Flow, "download.forged-"+what, id, forged, false); err != nil {
			return "", err
		}
	}
	return link, nil
}

// link reads an archive and returns its download link. Without a link it blocks the flow.
func (c *cloudFlow) link(ctx context.Context, label, id string) (string, error) {
	a, err := c.As.Get(ctx, label, id)
	if err != nil {
		return "", err
	}
	link := a.String("url")
	if link == "" {
		return "", scenario.Blocked(label, "no url in the archive: %s", scenario.Describe(a))
	}
	return link, nil
}

// discard deletes the second archive and tries its link after that.
func (c *cloudFlow) discard(ctx context.Context) error {
	id := c.second.ID
	if _, err := c.Must(ctx, "wait.available.2", id, scenario.Delivery, "available", "failed"); err != nil {
		return err
	}
	link, err := c.link(ctx, "get.available.2", id)
	if err != nil {
		return err
	}
	if _, err := c.As.Delete(ctx, "delete.2", id); err != nil {
		return err
	}
	_, err = download(ctx, c.Flow, "download.deleted", id, link, false)
	return err
}

// links follows a link through its ten minutes.
func (c *cloudFlow) links(ctx context.Context, old string) error {
	id := c.first.ID
	link, err := c.link(ctx, "get.fresh", id)
	if err != nil {
		return err
	}
	if _, err := c.As.Advance(ctx, "clock.link-alive", linkLife-scenario.Margin); err != nil {
		return err
	}
	if _, err := download(ctx, c.Flow, "download.link-alive", id, link, false); err != nil {
		return err
	}
	if _, err := c.As.Advance(ctx, "clock.link-dead", scenario.Margin+justDead); err != nil {
		return err
	}
	_, err = download(ctx, c.Flow, "download.link-dead", id, link, false)
	if err == nil {
		_, err = download(ctx, c.Flow, "download.link-dead", id, old, false)
	}
	if err != nil {
		return err
	}
	again, err := c.link(ctx, "get.link-again", id)
	if err != nil {
		return err
	}
	_, err = download(ctx, c.Flow, "download.link-again", id, again, false)
	return err
}

// expire follows the archive to the end of its 72 hours.
func (c *cloudFlow) expire(ctx context.Context) error {
	id := c.first.ID
	if _, err := c.As.AdvanceTo(ctx, "clock.before-expiry", c.began.Add(cloudLife-scenario.Margin)); err != nil {
		return err
	}
	link, err := c.link(ctx, "get.before-expiry", id)
	if err != nil {
		return err
	}
	if _, err := download(ctx, c.Flow, "download.before-expiry", id, link, false); err != nil {
		return err
	}
	if _, err := c.As.AdvanceTo(ctx, "clock.after-expiry", c.began.Add(cloudLife+2*scenario.Margin)); err != nil {
		return err
	}
	if _, _, err := c.Await(ctx, "wait.expired", id, scenario.Soon, "expired"); err != nil {
		return err
	}
	err = c.AwaitHooks(ctx, "hooks.expired", id, scenario.Soon, "expired")
	if err == nil {
		_, err = download(ctx, c.Flow, "download.expired", id, link, false)
	}
	if err == nil {
		_, err = c.As.List(ctx, "list.expired", url.Values{"sessionId": {c.session}}, false)
	}
	if err == nil {
		_, err = c.As.Delete(ctx, "delete.expired", id)
	}
	return errors.Join(err, c.Watch(ctx, "quiet", "webhooks", id, scenario.Quiet))
}

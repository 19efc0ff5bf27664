// Package delivery has the scenarios about how archives are delivered: uploads, download links, encryption, refused
// callbacks.
package delivery

import (
	"context"
	"errors"
	"net/url"
	"strings"
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
	// cloudOver is how long after the end of the 72 hours a flow looks. The ledger allows 1 m.
	cloudOver = time.Minute + 2*scenario.Margin
	// recorded is how long the first archive records, by the clock. It keeps its start apart from its end.
	recorded = 5 * time.Minute
)

// cloudFlow makes two archives of each format, of which the second is deleted.
type cloudFlow struct {
	*scenario.Flow
	session                 string
	began                   time.Time // policy time just before the first start
	first, second           scenario.Started
	individual, individual2 scenario.Started // empty unless there are any
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

// record makes short archives, one after the other, of moving pictures: a file of some size shows where it is cut. The first
// has a tag.
func (c *cloudFlow) record(ctx context.Context) (err error) {
	var alice *scenario.Member
	if c.session, alice, err = c.Alone(ctx, "motion", "tone-05"); err != nil {
		return err
	}
	virtual := c.Target.File.Time == config.Virtual
	if virtual {
		if c.began, _, err = c.As.Policy(ctx, "clock.start"); err != nil {
			return err
		}
	}
	options := map[string]any{"name": "cloud"}
	if c.Target.File.Has(config.Simultaneous) {
		options["multiArchiveTag"] = "cloud"
	}
	if c.first, err = c.Start(ctx, "start", c.session, options); err != nil {
		return err
	}
	if err := scenario.Sleep(ctx, 2*time.Second); err != nil {
		return err
	}
	if virtual {
		if _, err := c.As.Advance(ctx, "clock.recording", recorded); err != nil {
			return err
		}
	}
	if err := c.Stop(ctx, "stop", c.first.ID); err != nil {
		return err
	}
	if err := c.recordMore(ctx); err != nil {
		return err
	}
	err = alice.Leave(ctx)
	c.Silent()
	return err
}

// recordMore makes the second archive and those of the other format.
func (c *cloudFlow) recordMore(ctx context.Context) (err error) {
	for _, a := range []struct {
		into   *scenario.Started
		nth    string
		format string
	}{{&c.second, ".2", "composed"}, {&c.individual, ".individual", "individual"}, {&c.individual2, ".individual.2", "individual"}} {
		if a.format == "individual" && !c.Target.File.Has(config.Individual) {
			continue
		}
		if *a.into, err = c.Start(ctx, "start"+a.nth, c.session, map[string]any{"name": "cloud" + a.nth, "outputMode": a.format}); err != nil {
			return err
		}
		if err := scenario.Sleep(ctx, time.Second); err != nil {
			return err
		}
		if err := c.Stop(ctx, "stop"+a.nth, a.into.ID); err != nil {
			return err
		}
	}
	return nil
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
	for _, what := range []string{signature, signatureEnd, expiry, path, query} {
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
	return link, c.forge(ctx, link)
}

// forge uses the link of the first archive for the second, whose file is there, as its own link shows.
func (c *cloudFlow) forge(ctx context.Context, link string) error {
	id := c.second.ID
	if _, err := c.Must(ctx, "wait.available.2", id, scenario.Delivery, "available", "failed"); err != nil {
		return err
	}
	own, err := c.link(ctx, "get.available.2", id)
	if err != nil {
		return err
	}
	if _, err := download(ctx, c.Flow, "download.second", id, own, false); err != nil {
		return err
	}
	forged := strings.Replace(link, c.first.ID, id, 1)
	if forged == link {
		return c.Note("download.forged-archive", "the URL does not name its archive")
	}
	_, err = download(ctx, c.Flow, "download.forged-archive", id, forged, false)
	return err
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

// discard deletes the second archive of each format and tries its link after that.
func (c *cloudFlow) discard(ctx context.Context) error {
	for _, a := range []struct{ label, id string }{{"", c.second.ID}, {".individual", c.individual2.ID}} {
		if a.id == "" {
			continue
		}
		if _, err := c.Must(ctx, "wait.discarded"+a.label, a.id, scenario.Delivery, "available", "failed"); err != nil {
			return err
		}
		link, err := c.link(ctx, "get.discarded"+a.label, a.id)
		if err != nil {
			return err
		}
		if _, err := download(ctx, c.Flow, "download.discarded"+a.label, a.id, link, false); err != nil {
			return err
		}
		if _, err := c.As.Delete(ctx, "delete"+a.label, a.id); err != nil {
			return err
		}
		if _, err = download(ctx, c.Flow, "download.deleted"+a.label, a.id, link, false); err != nil {
			return err
		}
	}
	return nil
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
	if _, err := c.As.AdvanceTo(ctx, "clock.after-expiry", c.began.Add(cloudLife+cloudOver)); err != nil {
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
		err = c.expireIndividual(ctx)
	}
	if err == nil {
		_, err = c.As.List(ctx, "list.expired", url.Values{"sessionId": {c.session}}, false)
	}
	if err == nil {
		_, err = c.As.Delete(ctx, "delete.expired", id)
	}
	return errors.Join(err, c.Watch(ctx, "quiet", "webhooks", id, scenario.Quiet))
}

// expireIndividual follows the individual archive, which began some minutes later, to its end.
func (c *cloudFlow) expireIndividual(ctx context.Context) error {
	id := c.individual.ID
	if id == "" {
		return nil
	}
	link, err := c.link(ctx, "individual.get.before-expiry", id)
	if err != nil {
		return err
	}
	if _, err := download(ctx, c.Flow, "individual.download.before-expiry", id, link, false); err != nil {
		return err
	}
	if _, err := c.As.AdvanceTo(ctx, "clock.individual-expiry", c.began.Add(cloudLife+recorded+cloudOver+2*scenario.Margin)); err != nil {
		return err
	}
	if _, _, err := c.Await(ctx, "individual.wait.expired", id, scenario.Soon, "expired"); err != nil {
		return err
	}
	if err := c.AwaitHooks(ctx, "individual.hooks.expired", id, scenario.Soon, "expired"); err != nil {
		return err
	}
	_, err = download(ctx, c.Flow, "individual.download.expired", id, link, false)
	return err
}

// Package delivery has the scenarios about how archives are delivered: uploads, download links, encryption.
package delivery

import (
	"context"
	"net/url"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target/config"
)

// Cloud has no upload target: the service keeps the archive and offers signed download links.
var Cloud = scenario.Scenario{
	Name: scenarios.Cloud, Title: "built-in storage: download links, their ten minutes, and the end after 72 hours",
	Needs: []config.Capability{config.VP8, config.Cloud}, Media: 2, Within: 2 * time.Minute,
	App: scenario.App{Name: role.InCloud, Cloud: true}, Run: runCloud,
	Later: []scenario.Later{
		{Name: "link-alive", After: linkLife - clock.Margin, Prompt: []string{"ARC-URL-05"}, Run: linkAlive},
		{Name: "link-dead", After: linkLife + justDead, Clauses: []string{"ARC-URL-04", "ARC-URL-06"}, Run: linkDead},
		{Name: "before-expiry", After: cloudLife - clock.Margin, Prompt: []string{"ARC-STO-21"}, Run: beforeExpiry},
		{Name: "after-expiry", After: cloudLife + cloudOver, Clauses: []string{"ARC-STAT-11", "ARC-STAT-15", "ARC-URL-10", "ARC-DEL-10"}, Prompt: []string{"ARC-CB-34"}, Run: afterExpiry},
		{Name: "individual-expiry", After: cloudLife + recorded + cloudOver + 2*clock.Margin, Run: individualExpiry},
	},
}

const (
	linkLife  = 10 * time.Minute // limits.yaml has it too; here it only says when to look
	cloudLife = 72 * time.Hour
	justDead  = 7 * time.Second // after the end of a link; the ledger allows 5 s
	// cloudOver is how long after the end of the 72 hours a flow looks. The ledger allows 1 m.
	cloudOver = time.Minute + 2*clock.Margin
	// recorded is how long the first archive records, by the clock. It keeps its start apart from its end.
	recorded = 5 * time.Minute
)

// cloudFlow makes two archives of each format and deletes the second one.
type cloudFlow struct {
	*scenario.Flow
	session                 string
	began                   time.Time // policy time just before the first start
	linked                  time.Time // policy time just after the last link was given
	first, second           scenario.Started
	individual, individual2 scenario.Started // empty unless there are any
}

func runCloud(ctx context.Context, f *scenario.Flow) error {
	c := &cloudFlow{Flow: f}
	if err := c.record(ctx); err != nil {
		return err
	}
	if err := scenario.InTurn(ctx, c.look, c.discard, c.fresh); err != nil {
		return err
	}
	if !c.Clock.Steered() {
		c.Idle()
	}
	about := f.ArchiveIDs(c.first.ID)
	about[evidence.Session] = c.session
	for _, look := range []struct {
		name  string
		since time.Time
	}{
		{"link-alive", c.linked}, {"link-dead", c.linked}, {"before-expiry", c.began}, {"after-expiry", c.began}, {"individual-expiry", c.began},
	} {
		if err := c.Take(ctx, look.name, look.since, about); err != nil {
			return err
		}
	}
	return nil
}

// record makes short archives, one after the other, of moving pictures: a file of some size shows where it is cut. The first
// has a tag.
func (c *cloudFlow) record(ctx context.Context) (err error) {
	var alice *scenario.Member
	if c.session, alice, err = c.Alone(ctx, "motion", "tone-05"); err != nil {
		return err
	}
	if c.began, err = c.Clock.Now(ctx, "clock.start"); err != nil {
		return err
	}
	options := map[string]any{"name": "cloud"}
	if c.Target.File.Has(config.Simultaneous) {
		options["multiArchiveTag"] = "cloud"
	}
	if c.first, err = c.Start(ctx, "start", c.session, options); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, 2*time.Second); err != nil {
		return err
	}
	if c.Clock.Steered() {
		if err := c.Clock.Pass(ctx, "clock.recording", recorded); err != nil {
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
		if err := clock.Sleep(ctx, time.Second); err != nil {
			return err
		}
		if err := c.Stop(ctx, "stop"+a.nth, a.into.ID); err != nil {
			return err
		}
	}
	return nil
}

// look downloads the first archive and tries forged links.
func (c *cloudFlow) look(ctx context.Context) error {
	id := c.first.ID
	if _, err := c.Must(ctx, "wait.available", id, scenario.Delivery, "available", "failed"); err != nil {
		return err
	}
	if err := c.AwaitHooks(ctx, "hooks.available", id, scenario.Soon, "stopped", "available"); err != nil {
		return err
	}
	if _, err := c.As.List(ctx, "list.available", url.Values{"sessionId": {c.session}}, false); err != nil {
		return err
	}
	link, err := linkOf(ctx, c.Flow, "get.available", id)
	if err != nil {
		return err
	}
	if _, err := download(ctx, c.Flow, "download", id, link, true); err != nil {
		return err
	}
	for _, what := range []string{signature, signatureEnd, expiry, path, query} {
		forged, err := tamper(link, what)
		if err != nil {
			if err := c.Note("download.forged-"+what, err.Error()); err != nil {
				return err
			}
			continue
		}
		if _, err := download(ctx, c.Flow, "download.forged-"+what, id, forged, false); err != nil {
			return err
		}
	}
	return c.forge(ctx, link)
}

// forge uses the link of the first archive for the second, whose file is there, as its own link shows.
func (c *cloudFlow) forge(ctx context.Context, link string) error {
	id := c.second.ID
	if _, err := c.Must(ctx, "wait.available.2", id, scenario.Delivery, "available", "failed"); err != nil {
		return err
	}
	own, err := linkOf(ctx, c.Flow, "get.available.2", id)
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

// discard deletes the second archive of each format and tries its link after that.
func (c *cloudFlow) discard(ctx context.Context) error {
	for _, a := range []struct{ label, id string }{{"", c.second.ID}, {".individual", c.individual2.ID}} {
		if a.id == "" {
			continue
		}
		if _, err := c.Must(ctx, "wait.discarded"+a.label, a.id, scenario.Delivery, "available", "failed"); err != nil {
			return err
		}
		link, err := linkOf(ctx, c.Flow, "get.discarded"+a.label, a.id)
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

// fresh reads the first archive of each format once more, for links that the looks follow.
func (c *cloudFlow) fresh(ctx context.Context) (err error) {
	if id := c.individual.ID; id != "" {
		if _, err := c.Must(ctx, "individual.wait.available", id, scenario.Delivery, "available", "failed"); err != nil {
			return err
		}
		if _, err := linkOf(ctx, c.Flow, "individual.get.fresh", id); err != nil {
			return err
		}
	}
	if _, err = linkOf(ctx, c.Flow, "get.fresh", c.first.ID); err != nil {
		return err
	}
	if c.linked, err = c.Clock.Now(ctx, "clock.fresh"); err != nil {
		return err
	}
	return open(ctx, c.Flow, "download.fresh", "get.fresh") // a link that never opened anything cannot die
}

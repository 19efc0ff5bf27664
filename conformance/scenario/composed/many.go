// Package composed has the scenarios about what files of composed archives show: options, layouts, crowds, muted
// streams.
package composed

import (
	"context"
	"fmt"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

const (
	manyVideos = 17 // one more than a composed picture shows
	manySounds = 51 // one more than an archive holds
	// changed is how long is recorded after a change that the target must notice by itself.
	changed = 3400 * time.Millisecond
)

// Many publishes more streams than an archive holds, with as little media as possible: the streams are small.
var Many = scenario.Scenario{
	Name: scenarios.Many, Title: "more streams than a composed archive holds, and what happens when one of them leaves",
	Needs: []config.Capability{config.VP8}, Files: true, Clients: []config.Ability{config.CanCrowd}, Media: 6, Within: 2 * time.Minute,
	Run: runMany,
}

type crowded struct {
	*scenario.Flow
	session string
	members []*scenario.Member // those with video first
}

func runMany(ctx context.Context, f *scenario.Flow) error {
	c := &crowded{Flow: f}
	return scenario.InTurn(ctx, c.gather, c.record, c.choose)
}

// enter makes the next client publish picture and sound, or sound alone.
func (c *crowded) enter(ctx context.Context, n int, k scenario.Kind) error {
	m, err := c.Guest(c.session, fmt.Sprintf("client-%02d", n))
	if err != nil {
		return err
	}
	c.members = append(c.members, m)
	return c.come(ctx, m, n, k)
}

func (c *crowded) come(ctx context.Context, m *scenario.Member, n int, k scenario.Kind) error {
	video := ""
	if n <= manyVideos {
		video = fmt.Sprintf("small-%02d", n)
	}
	return m.PublishAs(ctx, k, video, fmt.Sprintf("tone-%02d", n))
}

// gather brings as many clients as an archive holds: all but the last with video, and all with sound only.
func (c *crowded) gather(ctx context.Context) (err error) {
	if c.session, err = c.Flow.Session(ctx, "session"); err != nil {
		return err
	}
	for n := 1; n <= manySounds; n++ {
		if n == manyVideos {
			continue
		}
		if err := c.enter(ctx, n, scenario.Kind{}); err != nil {
			return err
		}
	}
	return nil
}

// record lets the last client come, with priority if the target supports that, and another one leave.
func (c *crowded) record(ctx context.Context) error {
	a, err := c.Start(ctx, "start", c.session, map[string]any{"name": "many"})
	if err != nil {
		return err
	}
	if err := clock.Sleep(ctx, changed+a.Took); err != nil {
		return err
	}
	last := scenario.Kind{}
	if c.Target.File.Has(config.Layout) {
		last.Classes = "preferred"
	}
	if err := c.enter(ctx, manyVideos, last); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, changed+a.Took); err != nil {
		return err
	}
	if err := c.members[2].Unpublish(ctx); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, changed+a.Took); err != nil {
		return err
	}
	if err := c.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	return c.Deliver(ctx, a.ID)
}

// choose records the complete crowd again by naming each stream.
func (c *crowded) choose(ctx context.Context) error {
	if !c.Target.File.Has(config.Manual) {
		return nil
	}
	if err := c.come(ctx, c.members[2], 3, scenario.Kind{}); err != nil {
		return err
	}
	a, err := c.Start(ctx, "chosen.start", c.session, map[string]any{"name": "many chosen", "streamMode": "manual"})
	if err != nil {
		return err
	}
	for _, m := range append(append(c.members[:2:2], c.members[3:]...), c.members[2]) {
		if _, err := c.As.Select(ctx, "chosen.add."+m.Name, a.ID, map[string]any{"addStream": m.Pub.StreamID()}); err != nil {
			return err
		}
	}
	if err := clock.Sleep(ctx, changed+a.Took); err != nil {
		return err
	}
	if err := c.Stop(ctx, "chosen.stop", a.ID); err != nil {
		return err
	}
	return c.DeliverAs(ctx, "chosen.", a.ID)
}

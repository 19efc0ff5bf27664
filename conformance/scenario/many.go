package scenario

import (
	"context"
	"fmt"
	"time"

	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/target"
)

const (
	manyVideos = 17 // one more than a composed picture shows
	manySounds = 51 // one more than an archive holds
	// changed is how long is recorded after a change that the target has to find out about.
	changed = 3400 * time.Millisecond
)

// many publishes more streams than an archive holds, with as little media as will do: the streams are small.
var many = Scenario{
	Name: name.Many, Title: "more streams than a composed archive holds, and what happens when one of them leaves",
	Needs: []target.Capability{target.VP8, target.S3}, Media: 3, Within: 2 * time.Minute,
	run: runMany,
}

type crowded struct {
	*flow
	session string
	members []*member // those with video first
}

func runMany(ctx context.Context, f *flow) error {
	c := &crowded{flow: f}
	for _, phase := range []func(context.Context) error{c.gather, c.record, c.choose} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	return nil
}

// enter makes the next client publish: picture and sound, or sound alone.
func (c *crowded) enter(ctx context.Context, n int, k kind) error {
	m, err := c.guest(c.session, fmt.Sprintf("client-%02d", n))
	if err != nil {
		return err
	}
	c.members = append(c.members, m)
	return c.come(ctx, m, n, k)
}

func (c *crowded) come(ctx context.Context, m *member, n int, k kind) error {
	video := ""
	if n <= manyVideos {
		video = fmt.Sprintf("small-%02d", n)
	}
	return m.publishAs(ctx, k, video, fmt.Sprintf("tone-%02d", n))
}

// gather brings as many as an archive holds: all but the last with video, and all that are only heard.
func (c *crowded) gather(ctx context.Context) (err error) {
	if c.session, err = c.flow.session(ctx, "session"); err != nil {
		return err
	}
	for n := 1; n <= manySounds; n++ {
		if n == manyVideos {
			continue
		}
		if err := c.enter(ctx, n, kind{}); err != nil {
			return err
		}
	}
	return nil
}

// record has the last one come, preferred where the target can do that, and another one leave.
func (c *crowded) record(ctx context.Context) error {
	a, err := c.start(ctx, "start", c.session, map[string]any{"name": "many"})
	if err != nil {
		return err
	}
	if err := sleep(ctx, changed); err != nil {
		return err
	}
	last := kind{}
	if c.Target.File.Has(target.Layout) {
		last.classes = "preferred"
	}
	if err := c.enter(ctx, manyVideos, last); err != nil {
		return err
	}
	if err := sleep(ctx, changed); err != nil {
		return err
	}
	if err := c.members[2].unpublish(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, changed); err != nil {
		return err
	}
	if err := c.stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	return c.deliver(ctx, a.ID)
}

// choose records the crowd, complete again, by naming each stream.
func (c *crowded) choose(ctx context.Context) error {
	if !c.Target.File.Has(target.Manual) {
		return nil
	}
	if err := c.come(ctx, c.members[2], 3, kind{}); err != nil {
		return err
	}
	a, err := c.start(ctx, "chosen.start", c.session, map[string]any{"name": "many chosen", "streamMode": "manual"})
	if err != nil {
		return err
	}
	for _, m := range append(append(c.members[:2:2], c.members[3:]...), c.members[2]) {
		if _, err := c.as.Select(ctx, "chosen.add."+m.name, a.ID, map[string]any{"addStream": m.pub.StreamID()}); err != nil {
			return err
		}
	}
	if err := sleep(ctx, changed); err != nil {
		return err
	}
	if err := c.stop(ctx, "chosen.stop", a.ID); err != nil {
		return err
	}
	return c.deliverAs(ctx, "chosen.", a.ID)
}

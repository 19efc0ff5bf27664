package individual

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

const (
	// most is the number of streams with video, and of those with audio, that an individual archive holds. It only says
	// how many clients come; the checks use the number in the ledger.
	most = 50
	// pictures is the number of small fixtures, which the clients share.
	pictures = 17
)

// Crowd publishes more streams than an individual archive holds. The first has no sound, so that the stream after the
// fiftieth may be heard but not seen, and the one after that may not even be heard. The last one waits for a place of
// either kind. It must get nothing of a stream that left. When nobody waits any more, two that are only heard take the
// last places for sound, so that the stream after them may be seen but not heard.
var Crowd = scenario.Scenario{
	Name: scenarios.Crowd, Title: "more streams than an individual archive holds, one of which leaves while two wait",
	Needs: needs, Files: true, Clients: []config.Ability{config.CanUnits, config.CanCrowd}, Media: 4, Within: 2 * time.Minute, Run: runCrowd,
}

type crowd struct {
	*scenario.Flow
	session string
	members []*scenario.Member
}

func runCrowd(ctx context.Context, f *scenario.Flow) (err error) {
	c := &crowd{Flow: f}
	if c.session, err = f.Session(ctx, "session"); err != nil {
		return err
	}
	for range most {
		if err := c.enter(ctx); err != nil {
			return err
		}
	}
	a, err := f.Start(ctx, "start", c.session, options("crowd", nil))
	if err != nil {
		return err
	}
	for _, step := range []struct {
		do   func() error
		long time.Duration
	}{
		{func() error { return nil }, 500 * time.Millisecond},
		{func() error { return scenario.InTurn(ctx, c.enter, c.enter, c.enter) }, 1500 * time.Millisecond},
		{func() error { return c.members[1].Unpublish(ctx) }, 1500 * time.Millisecond},
		{func() error { return c.giveUp(ctx) }, 500 * time.Millisecond},
		{func() error { return scenario.InTurn(ctx, c.enter, c.enter, c.enter) }, 1500 * time.Millisecond},
	} {
		if err := step.do(); err != nil {
			return err
		}
		if err := clock.Sleep(ctx, step.long); err != nil {
			return err
		}
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	for _, m := range c.members {
		if err := m.Leave(ctx); err != nil {
			return err
		}
	}
	return f.Deliver(ctx, a.ID)
}

// giveUp ends the streams that came last, the last one first, so that none gets the place of another.
func (c *crowd) giveUp(ctx context.Context) error {
	for _, m := range slices.Backward(c.members[most:]) {
		if err := m.Unpublish(ctx); err != nil {
			return err
		}
	}
	return nil
}

// enter makes the next client publish. The first is only seen, the 52nd, 54th and 55th only heard, and all others are
// both.
func (c *crowd) enter(ctx context.Context) error {
	n := len(c.members) + 1
	m, err := c.Guest(c.session, fmt.Sprintf("client-%02d", n))
	if err != nil {
		return err
	}
	c.members = append(c.members, m)
	video, audio := fmt.Sprintf("small-%02d", (n-1)%pictures+1), fmt.Sprintf("tone-%02d", n)
	switch {
	case n == 1:
		audio = ""
	case slices.Contains([]int{most + 2, most + 4, most + 5}, n):
		video = ""
	}
	if n > most+1 {
		audio = fmt.Sprintf("tone-%02d", n-most-1)
	}
	return m.Publish(ctx, video, audio)
}

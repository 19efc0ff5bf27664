package sessions

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

// AutoPaused follows an automatic archive through the minute without clients, and through twelve hours of little recorded
// time to the archive that follows it in a pause.
var AutoPaused = automatically(scenarios.AutoPaused, "an automatic archive of twelve hours, mostly paused, and the one that follows it", 1, clock.TotalTime+clock.IdleHour+3*clock.Margin, nil, runAutoPaused)

// pausedFlow is an autoFlow whose client mostly does not publish.
type pausedFlow struct {
	*autoFlow
	client *scenario.Member // who is there
	paused time.Time        // policy time just before the last pause
	beside string           // id of an archive that a call starts; "" unless archives can be simultaneous
}

func runAutoPaused(ctx context.Context, a *autoFlow) error {
	p := &pausedFlow{autoFlow: a, client: a.alice}
	return scenario.InTurn(ctx, p.comeBack, p.fill, p.follow, p.timeOut)
}

// comeBack has the only client leave, and another one come and publish within the minute. In between, the archive is asked to
// stop.
func (p *pausedFlow) comeBack(ctx context.Context) error {
	if err := p.client.Publish(ctx, "", "tone-40"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	left, err := p.Clock.Now(ctx, "clock.left")
	if err != nil {
		return err
	}
	if err := p.client.Leave(ctx); err != nil {
		return err
	}
	if _, err := p.Must(ctx, "wait.left", p.first, scenario.Soon, "paused"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil {
		return err
	}
	if _, err := p.As.Stop(ctx, "stop.empty", p.first, nil); err != nil {
		return err
	}
	if _, err := p.As.Get(ctx, "get.empty", p.first); err != nil {
		return err
	}
	if err := p.reach(ctx, "clock.before-back", left.Add(clock.LastMinute-clock.Margin)); err != nil {
		return err
	}
	if p.client, err = p.Join(ctx, p.session, "carol"); err != nil {
		return err
	}
	if err := p.AwaitEvent(ctx, "event.back", p.first, "archiveStarted", "carol"); err != nil {
		return err
	}
	if err := p.speak(ctx, "back", "tone-41"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil { // of media, so that the return can be noticed
		return err
	}
	if err := p.Clock.Pass(ctx, "clock.back", 2*clock.LastMinute); err != nil { // the old minute must not count
		return err
	}
	_, err = p.As.Get(ctx, "get.back", p.first)
	return err
}

func (p *pausedFlow) speak(ctx context.Context, label, sound string) error {
	if err := p.client.Publish(ctx, "", sound); err != nil {
		return err
	}
	_, err := p.Must(ctx, "wait."+label, p.first, scenario.Soon, "started")
	return err
}

func (p *pausedFlow) silence(ctx context.Context, label string) (err error) {
	if p.paused, err = p.Clock.Now(ctx, "clock."+label); err != nil {
		return err
	}
	if err := p.client.Unpublish(ctx); err != nil {
		return err
	}
	_, err = p.Must(ctx, "wait."+label, p.first, scenario.Soon, "paused")
	return err
}

// fill fills the twelve hours without a pause of an hour. Another archive is started before the last pause.
func (p *pausedFlow) fill(ctx context.Context) error {
	const pause = clock.IdleHour - 5*time.Minute
	if err := p.Clock.Pass(ctx, "clock.recorded", clock.RecordedTime-10*time.Minute); err != nil {
		return err
	}
	if err := p.silence(ctx, "pause"); err != nil {
		return err
	}
	end := p.begun.Add(clock.TotalTime)
	for n := 2; p.paused.Add(clock.IdleHour - 2*time.Minute).Before(end); n++ {
		label := fmt.Sprintf("pause.%d", n)
		if err := p.Clock.Pass(ctx, "clock."+label+".on", pause); err != nil {
			return err
		}
		last := p.paused.Add(pause + clock.IdleHour - 2*time.Minute).After(end)
		if err := p.speak(ctx, label+".resumed", map[bool]string{false: "tone-42", true: "tone-43"}[last]); err != nil {
			return err
		}
		if last {
			if err := p.startBeside(ctx); err != nil {
				return err
			}
		}
		if err := p.silence(ctx, label); err != nil {
			return err
		}
	}
	return nil
}

// startBeside starts an archive by a call, if the target supports that beside an automatic one.
func (p *pausedFlow) startBeside(ctx context.Context) error {
	if !p.Target.File.Has(config.Simultaneous) {
		return nil
	}
	a, err := p.Start(ctx, "beside.start", p.session, map[string]any{"name": "beside", "multiArchiveTag": "beside"})
	p.beside = a.ID
	if err != nil {
		return err
	}
	return clock.Sleep(ctx, 1200*time.Millisecond)
}

// look reads the archives that go on.
func (p *pausedFlow) look(ctx context.Context, label string, ids ...string) error {
	if p.beside != "" {
		ids = append(ids, p.beside)
	}
	for _, id := range ids {
		prefix := map[bool]string{true: "beside."}[id == p.beside]
		if _, err := p.As.Get(ctx, prefix+"get."+label, id); err != nil {
			return err
		}
	}
	return nil
}

// follow looks at the archive shortly before and after its twelve hours.
func (p *pausedFlow) follow(ctx context.Context) error {
	end := p.begun.Add(clock.TotalTime)
	if err := p.reach(ctx, "clock.total.before", end.Add(-clock.Margin)); err != nil {
		return err
	}
	if err := p.look(ctx, "total.before", p.first); err != nil {
		return err
	}
	if err := p.reach(ctx, "clock.total", end.Add(2*clock.Margin)); err != nil {
		return err
	}
	if err := p.look(ctx, "total", p.first); err != nil {
		return err
	}
	_, err := p.As.List(ctx, "list.total", url.Values{"sessionId": {p.session}}, false)
	return err
}

// timeOut waits for the end of the idle hour, which began in the first archive, and for the files.
func (p *pausedFlow) timeOut(ctx context.Context) error {
	ids, err := p.archives(ctx, "list.idle", 1)
	if err != nil {
		return err
	}
	newest, end := ids[0], p.paused.Add(clock.IdleHour)
	for _, id := range ids {
		if id != p.first && id != p.beside {
			newest = id
		}
	}
	if err := p.reach(ctx, "clock.idle.before", end.Add(-clock.JustBefore)); err != nil {
		return err
	}
	if err := p.look(ctx, "idle.before", newest); err != nil {
		return err
	}
	if err := p.reach(ctx, "clock.idle", end.Add(2*clock.Margin)); err != nil {
		return err
	}
	if err := p.look(ctx, "idle", newest); err != nil {
		return err
	}
	if _, err := p.archives(ctx, "list.over", 1); err != nil {
		return err
	}
	for _, id := range ids {
		prefix, named := map[string]string{p.first: "first.", p.beside: "beside."}[id]
		if !named {
			prefix = "newest."
		}
		if err := p.DeliverAs(ctx, prefix, id); err != nil {
			return err
		}
	}
	return nil
}

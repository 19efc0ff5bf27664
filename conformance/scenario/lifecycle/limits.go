package lifecycle

import (
	"context"
	"time"

	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
)

const (
	// justOver is how long after a limit a flow looks. The ledger allows 5 s.
	justOver = 7 * time.Second
	// alone is how long nobody publishes to the longest possible archive, in its first minute.
	alone = 40 * time.Second
	// overMinute is long enough for a minute that should not count to be over.
	overMinute = clock.LastMinute + justOver
)

// How much policy time passes in all.
const (
	waitNobody   = clock.FirstMinute + justOver
	waitLeft     = clock.LastMinute + 3*overMinute
	waitIdle     = 2*clock.IdleHour + justOver
	waitRecorded = clock.RecordedTime + clock.IdleHour/2 + justOver
	waitTotal    = clock.TotalTime + justOver
)

// limit returns a scenario about one time limit. It looks just before and just after the limit, and lets as much policy time
// pass as wait.
func limit(name, title string, media int, wait time.Duration, run func(context.Context, *limitFlow) error) scenario.Scenario {
	return limitOf("composed", name, title, media, wait, run)
}

// individually is limit for an individual archive. It takes no media slot, because nothing is composed and at most one
// client publishes sound.
func individually(name, title string, wait time.Duration, run func(context.Context, *limitFlow) error) scenario.Scenario {
	s := limitOf("individual", name, title, 0, wait, run)
	s.Needs = append(s.Needs, config.Individual)
	return s
}

func limitOf(format, name, title string, media int, wait time.Duration, run func(context.Context, *limitFlow) error) scenario.Scenario {
	return scenario.Scenario{
		Name: name, Title: title, Wait: wait, Media: media, Within: 2 * time.Minute,
		Run: func(ctx context.Context, f *scenario.Flow) error {
			l := &limitFlow{Flow: f, format: format}
			var err error
			if l.session, err = f.Session(ctx, "session"); err != nil {
				return err
			}
			if l.alice, err = f.Join(ctx, l.session, "alice"); err != nil {
				return err
			}
			return run(ctx, l)
		},
	}
}

// connected is a scenario with a client that is there and does not publish, which takes a connection for events.
func connected(s scenario.Scenario) scenario.Scenario {
	s.Needs = append(s.Needs, config.Events)
	return s
}

var (
	NoPublisher = connected(limit(scenarios.NoPublisher, "an archive that nobody publishes to stops after a minute", 0, waitNobody, runNoPublisher))
	AllLeft     = kept(limit(scenarios.AllLeft, "an archive stops a minute after the last client left, unless one comes back", 1, waitLeft, runAllLeftAndKeep))
	Idle        = connected(limit(scenarios.Idle, "an archive stops after an hour in which nobody publishes, unless somebody does", 1, waitIdle, runIdle))
	FourHours   = kept(limit(scenarios.FourHours, "an archive stops at four hours of recorded time, pauses left out", 1, waitRecorded, runRecordedAndKeep))
	TwelveHours = connected(limit(scenarios.TwelveHours, "an archive stops twelve hours after its start, pauses included", 1, waitTotal, runTotal))

	IndividualNobody      = connected(individually(scenarios.IndividualNobody, "an individual archive that nobody publishes to stops after a minute, and has a file", waitNobody, runNoPublisher))
	IndividualAllLeft     = individually(scenarios.IndividualAllLeft, "an individual archive stops a minute after the last client left", waitLeft, runAllLeft)
	IndividualIdle        = connected(individually(scenarios.IndividualIdle, "an individual archive stops after an hour in which nobody publishes", waitIdle, runIdle))
	IndividualFourHours   = individually(scenarios.IndividualFourHours, "an individual archive stops at four hours of recorded time, pauses left out", waitRecorded, runRecorded)
	IndividualTwelveHours = connected(individually(scenarios.IndividualTwelveHours, "an individual archive stops twelve hours after its start", waitTotal, runTotal))
)

type limitFlow struct {
	*scenario.Flow
	format  string // of the archive
	session string
	alice   *scenario.Member
	archive scenario.Started
	beside  scenario.Started // the same once more, with a tag; empty unless archives can be simultaneous
	began   time.Time        // policy time just before the start
}

// begin starts the archive. Alice publishes sound if audio is given.
func (l *limitFlow) begin(ctx context.Context, audio string) (err error) {
	if audio != "" {
		if err := l.alice.Publish(ctx, "", audio); err != nil {
			return err
		}
	}
	if l.began, err = l.Clock.Now(ctx, "clock.start"); err != nil {
		return err
	}
	if l.archive, err = l.Start(ctx, "start", l.session, l.options()); err != nil {
		return err
	}
	if err := l.startBeside(ctx); err != nil {
		return err
	}
	if audio == "" {
		return nil
	}
	return clock.Sleep(ctx, time.Second)
}

// options returns the options of the start. The format composed needs none.
func (l *limitFlow) options() map[string]any {
	o := map[string]any{"name": l.Scenario.Name}
	if l.format != "composed" {
		o["outputMode"] = l.format
	}
	return o
}

// silence stops alice's publishing and waits for the pause. It returns the policy time just before the earliest pause.
func (l *limitFlow) silence(ctx context.Context, label string) (time.Time, error) {
	at, err := l.Clock.Now(ctx, "clock."+label)
	if err != nil {
		return at, err
	}
	if err := l.alice.Unpublish(ctx); err != nil {
		return at, err
	}
	_, err = l.Must(ctx, "wait."+label, l.archive.ID, scenario.Soon, "paused")
	return at, err
}

// speak makes alice publish again and waits for the resumption.
func (l *limitFlow) speak(ctx context.Context, label, audio string) error {
	if err := l.alice.Publish(ctx, "", audio); err != nil {
		return err
	}
	if _, err := l.Must(ctx, "wait."+label, l.archive.ID, scenario.Soon, "started"); err != nil {
		return err
	}
	return l.lookBeside(ctx, label)
}

// stillAlive moves the clock to a moment shortly before the limit and reads the archive.
func (l *limitFlow) stillAlive(ctx context.Context, label string, at time.Time) error {
	if _, err := l.Clock.PassTo(ctx, "clock."+label, at); err != nil {
		return err
	}
	if _, err := l.As.Get(ctx, "get."+label, l.archive.ID); err != nil {
		return err
	}
	return l.lookBeside(ctx, label)
}

// over moves the clock to a moment shortly after the limit, waits for the stop and follows the archive to its file.
func (l *limitFlow) over(ctx context.Context, at time.Time) error {
	id := l.archive.ID
	if err := l.stopped(ctx, at); err != nil {
		return err
	}
	if err := l.AwaitEvent(ctx, "event.stopped", id, "archiveStopped", "alice"); err != nil {
		return err
	}
	if l.beside.ID != "" {
		if err := l.AwaitEvent(ctx, "beside.event.stopped", l.beside.ID, "archiveStopped", "alice"); err != nil {
			return err
		}
	}
	if err := l.AwaitHooks(ctx, "hooks.stopped", id, scenario.Soon, "stopped"); err != nil {
		return err
	}
	if err := l.Deliver(ctx, id); err != nil {
		return err
	}
	if err := l.deliverBeside(ctx); err != nil {
		return err
	}
	_, err := l.As.Get(ctx, "get.delivered", id)
	return err
}

// overUnseen is over without any client that receives events.
func (l *limitFlow) overUnseen(ctx context.Context, at time.Time) error {
	if err := l.stopped(ctx, at); err != nil {
		return err
	}
	if err := l.Deliver(ctx, l.archive.ID); err != nil {
		return err
	}
	return l.deliverBeside(ctx)
}

// stopped moves the clock to a moment and waits for the stop.
func (l *limitFlow) stopped(ctx context.Context, at time.Time) error {
	id := l.archive.ID
	if _, err := l.Clock.PassTo(ctx, "clock.after", at); err != nil {
		return err
	}
	if _, err := l.As.Get(ctx, "get.after", id); err != nil {
		return err
	}
	if err := l.lookBeside(ctx, "after"); err != nil {
		return err
	}
	_, err := l.Must(ctx, "wait.stopped", id, scenario.Soon, "stopped", "uploaded", "available")
	return err
}

func runNoPublisher(ctx context.Context, l *limitFlow) error {
	if err := l.begin(ctx, ""); err != nil {
		return err
	}
	if err := l.stillAlive(ctx, "before", l.began.Add(clock.FirstMinute-5*time.Second)); err != nil {
		return err
	}
	return l.over(ctx, l.began.Add(clock.FirstMinute+justOver))
}

func runAllLeft(ctx context.Context, l *limitFlow) error {
	if err := l.begin(ctx, "tone-22"); err != nil {
		return err
	}
	left, err := l.empty(ctx, "left")
	if err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Settled); err != nil {
		return err
	}
	if l.Target.File.Has(config.Simultaneous) { // without a tag it would be refused for the archive in progress
		if _, err := l.As.Start(ctx, "start.left", map[string]any{"sessionId": l.session, "multiArchiveTag": "left"}); err != nil {
			return err
		}
	}
	if err := l.stillAlive(ctx, "before", left.Add(clock.LastMinute-clock.Margin)); err != nil {
		return err
	}
	if l.alice, err = l.Join(ctx, l.session, "alice"); err != nil {
		return err
	}
	if l.alice.Conn != nil { // she is there, also when she does not publish
		if err := l.Clock.Pass(ctx, "clock.silent", overMinute); err != nil {
			return err
		}
		if _, err := l.As.Get(ctx, "get.silent", l.archive.ID); err != nil {
			return err
		}
		if err := l.comeAgain(ctx); err != nil {
			return err
		}
	}
	if err := l.speak(ctx, "back", "tone-23"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil { // of media, so that her return can be noticed
		return err
	}
	unchosen, err := l.unchosen(ctx)
	if err != nil {
		return err
	}
	if err := l.Clock.Pass(ctx, "clock.back", overMinute); err != nil { // the old minute must not count
		return err
	}
	if _, err := l.As.Get(ctx, "get.back", l.archive.ID); err != nil {
		return err
	}
	if unchosen != "" {
		if _, err := l.As.Get(ctx, "unchosen.get.back", unchosen); err != nil {
			return err
		}
	}
	if left, err = l.empty(ctx, "left.2"); err != nil {
		return err
	}
	if err := l.stillAlive(ctx, "before.2", left.Add(clock.LastMinute-clock.JustBefore)); err != nil {
		return err
	}
	return l.overUnseen(ctx, left.Add(clock.LastMinute+justOver))
}

// comeAgain lets the last client, who has published nothing for more than a minute, leave and come back at once: the minute without clients
// does not begin before she has left.
func (l *limitFlow) comeAgain(ctx context.Context) (err error) {
	if err := l.alice.Leave(ctx); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, scenario.Noticed); err != nil {
		return err
	}
	if _, err := l.As.Get(ctx, "get.gone", l.archive.ID); err != nil {
		return err
	}
	l.alice, err = l.Join(ctx, l.session, "alice")
	return err
}

// runAllLeftAndKeep is runAllLeft, and reads the uploaded archive again after the cloud period.
func runAllLeftAndKeep(ctx context.Context, l *limitFlow) error {
	if err := runAllLeft(ctx, l); err != nil {
		return err
	}
	return l.keep(ctx)
}

// unchosen starts an archive for which nothing will be chosen, beside the other, while somebody publishes, if the target supports
// that.
func (l *limitFlow) unchosen(ctx context.Context) (id string, err error) {
	if has := l.Target.File.Has; !has(config.Manual) || !has(config.Simultaneous) {
		return "", nil
	}
	a, err := l.Start(ctx, "unchosen.start", l.session, map[string]any{"name": "unchosen", "streamMode": "manual", "multiArchiveTag": "unchosen"})
	return a.ID, err
}

// empty lets the last client leave and waits for the pause.
func (l *limitFlow) empty(ctx context.Context, label string) (time.Time, error) {
	at, err := l.Clock.Now(ctx, "clock."+label)
	if err != nil {
		return at, err
	}
	if err := l.alice.Leave(ctx); err != nil {
		return at, err
	}
	_, err = l.Must(ctx, "wait."+label, l.archive.ID, scenario.Soon, "paused")
	return at, err
}

func runIdle(ctx context.Context, l *limitFlow) error {
	if err := l.begin(ctx, "tone-24"); err != nil {
		return err
	}
	since, err := l.silence(ctx, "idle")
	if err != nil {
		return err
	}
	if err := l.stillAlive(ctx, "before", since.Add(clock.IdleHour-clock.Margin)); err != nil {
		return err
	}
	if err := l.speak(ctx, "spoke", "tone-25"); err != nil {
		return err
	}
	if since, err = l.silence(ctx, "idle.2"); err != nil {
		return err
	}
	if err := l.stillAlive(ctx, "before.2", since.Add(clock.IdleHour-clock.JustBefore)); err != nil {
		return err
	}
	return l.over(ctx, since.Add(clock.IdleHour+justOver))
}

package lifecycle

import (
	"context"
	"fmt"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/clock"
)

// runRecorded has a pause in the middle. It catches a counter that restarts with every resumption, which would count
// four hours from there.
func runRecorded(ctx context.Context, l *limitFlow) error {
	if err := l.begin(ctx, "tone-26"); err != nil {
		return err
	}
	if err := l.Clock.Pass(ctx, "clock.half", clock.RecordedTime/2); err != nil {
		return err
	}
	paused, err := l.silence(ctx, "pause")
	if err != nil {
		return err
	}
	pause := clock.IdleHour / 2
	if l.alice.Conn == nil { // she has left
		pause = clock.LastMinute / 2
	}
	if err := l.Clock.Pass(ctx, "clock.pause.on", pause); err != nil {
		return err
	}
	if err := l.speak(ctx, "resumed", "tone-26"); err != nil {
		return err
	}
	resumed, err := l.Clock.Now(ctx, "clock.resumed")
	if err != nil {
		return err
	}
	end := resumed.Add(clock.RecordedTime - paused.Sub(l.began))
	if err := l.stillAlive(ctx, "before", end.Add(-clock.JustBefore)); err != nil {
		return err
	}
	return l.over(ctx, end.Add(justOver))
}

// runRecordedAndKeep is runRecorded, and reads the uploaded archive again after the cloud period.
func runRecordedAndKeep(ctx context.Context, l *limitFlow) error {
	if err := runRecorded(ctx, l); err != nil {
		return err
	}
	return l.keep(ctx)
}

// keep takes a look at the delivered archive after the cloud period.
func (l *limitFlow) keep(ctx context.Context) error {
	return l.Take(ctx, "kept", l.began, l.ArchiveIDs(l.archive.ID))
}

// kept says that an uploaded archive is looked at again after the cloud period.
func kept(s scenario.Scenario) scenario.Scenario {
	s.Later = []scenario.Later{{Name: "kept", After: clock.CloudPeriod + 2*clock.Margin, Clauses: []string{"ARC-STO-22"}, Run: func(ctx context.Context, f *scenario.Flow) error {
		r, _ := f.Journal.View().Scenario(f.Scenario.Name).Label("get.after").Last()
		_, err := f.As.Get(ctx, "get.kept", r.IDs[evidence.Archive])
		return err
	}}}
	return s
}

// runTotal fills twelve hours with little recorded time and without a pause of an hour. They do not begin with the first
// publisher.
func runTotal(ctx context.Context, l *limitFlow) error {
	if err := l.begin(ctx, ""); err != nil {
		return err
	}
	if err := l.Clock.Pass(ctx, "clock.nobody", alone); err != nil {
		return err
	}
	if err := l.alice.Publish(ctx, "", "tone-27"); err != nil {
		return err
	}
	if err := clock.Sleep(ctx, time.Second); err != nil {
		return err
	}
	end := l.began.Add(clock.TotalTime)
	if err := l.Clock.Pass(ctx, "clock.recorded", clock.RecordedTime-10*time.Minute); err != nil {
		return err
	}
	at, err := l.silence(ctx, "pause")
	if err != nil {
		return err
	}
	for n := 2; at.Add(clock.IdleHour - 2*time.Minute).Before(end.Add(-clock.Margin)); n++ {
		step := fmt.Sprintf("pause.%d", n)
		if err := l.Clock.Pass(ctx, "clock."+step+".on", clock.IdleHour-5*time.Minute); err != nil {
			return err
		}
		if err := l.speak(ctx, step+".resumed", "tone-28"); err != nil {
			return err
		}
		if at, err = l.silence(ctx, step); err != nil {
			return err
		}
	}
	if err := l.stillAlive(ctx, "before", end.Add(-clock.JustBefore)); err != nil {
		return err
	}
	return l.over(ctx, end.Add(justOver))
}

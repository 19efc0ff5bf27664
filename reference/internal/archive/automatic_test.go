package archive

import (
	"errors"
	"testing"
	"time"
)

func TestAutomaticArchive(t *testing.T) {
	p := newAutomaticPlay(t)
	p.do(join("c"), join("d"))
	a := p.archive("auto-c")
	if len(p.s.Archives) != 1 || a.Status != Started || !a.Automatic || a.Name != "show" || a.Resolution != "1280x720" ||
		a.OutputMode != Composed || a.StreamMode != Auto || !a.HasAudio || !a.HasVideo || a.MultiArchiveTag != "" {
		t.Errorf("archives %+v", p.s.Archives)
	}
	var refused *Error
	if err := p.try(Stop{a.ID}); !errors.As(err, &refused) || refused.Kind != Conflict {
		t.Errorf("the stop call answers %v", err)
	}
	if err := p.try(begin("b")); !errors.As(err, &refused) || refused.Code != CodeAlreadyRecording {
		t.Errorf("a start without tag answers %v", err)
	}
	p.do(Start{ArchiveID: "b", Request: valid(StartRequest{SessionID: "S", MultiArchiveTag: "t"})}, Stop{"b"})
	if got := p.archive(a.ID).Status; got != Started {
		t.Errorf("the automatic archive is %s after the stop of the other", got)
	}
}

// TestAutomaticLimits checks when automatic archives end, and that nothing ends them earlier.
func TestAutomaticLimits(t *testing.T) {
	tests := []struct {
		name   string
		before func(*play)
		limit  time.Duration // counted from the end of before
		reason string
	}{
		{"last client, who never published", func(p *play) { p.run(10 * time.Minute); p.do(leave("c")) }, time.Minute, ReasonSessionEnd},
		{"last client", func(p *play) { p.do(publish("s", "c")); p.run(time.Hour); p.do(leave("c")) }, time.Minute, ReasonSessionEnd},
		{"nobody ever published", func(*play) {}, time.Hour, ReasonMaxIdle},
		{"idle", func(p *play) { p.do(publish("s", "c")); p.run(time.Hour); p.do(unpublish("s")) }, time.Hour, ReasonMaxIdle},
		{"recorded time", func(p *play) { p.do(publish("s", "c")) }, 4 * time.Hour, ReasonMaxDuration},
		{"recorded time in two spans", func(p *play) {
			p.do(publish("s", "c"))
			p.run(time.Hour)
			p.do(unpublish("s"))
			p.run(30 * time.Minute)
			p.do(publish("s", "c"))
		}, 3 * time.Hour, ReasonMaxDuration},
		{"idle after two spans", func(p *play) {
			p.do(publish("s", "c"))
			p.run(time.Hour)
			p.do(unpublish("s"))
			p.run(59 * time.Minute)
			p.do(publish("s", "c"))
			p.run(time.Minute)
			p.do(unpublish("s"))
		}, time.Hour, ReasonMaxIdle},
		{"last client, after one came back in time", func(p *play) {
			p.do(leave("c"))
			p.run(time.Minute - 1)
			p.do(join("d"), leave("d"))
		}, time.Minute, ReasonSessionEnd},
		{"total", func(p *play) {
			for range 12 {
				p.do(publish("s", "c"))
				p.run(10 * time.Minute)
				p.do(unpublish("s"))
				p.run(49 * time.Minute)
			}
			p.do(publish("s", "c"))
		}, 12 * time.Minute, ReasonMaxDuration},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newAutomaticPlay(t)
			p.do(join("c"))
			test.before(p)
			p.expectStop(t, "auto-c", test.limit, test.reason)
			if next, goesOn := p.s.Archive("auto-c'"); goesOn != (test.reason == ReasonMaxDuration) || goesOn && !next.Status.Live() {
				t.Errorf("followed by %+v", next)
			}
		})
	}
}

func TestConsecutiveArchivesOverlap(t *testing.T) {
	p := newAutomaticPlay(t)
	p.do(join("c"), publish("s", "c"))
	p.run(24 * time.Hour)
	if n := len(p.s.Archives); n != 7 { // the overlaps together are shorter than one archive
		t.Fatalf("%d archives in a day", n)
	}
	for i, a := range p.s.Archives[:6] {
		next := p.s.Archives[i+1]
		if a.Recorded != 4*time.Hour || !a.StoppedAt.Equal(next.EffectiveAt.Add(Overlap)) || !next.CreatedAt.After(a.CreatedAt) {
			t.Errorf("%s from %v recorded %v until %v, the next from %v", a.ID, a.EffectiveAt, a.Recorded, a.StoppedAt, next.EffectiveAt)
		}
	}
}

// TestIdleTimeGoesOnInTheNextArchive lets the total limit end an archive in the middle of an idle hour.
func TestIdleTimeGoesOnInTheNextArchive(t *testing.T) {
	p := newAutomaticPlay(t)
	p.do(join("c"))
	for range 11 {
		p.do(publish("s", "c"))
		p.run(10 * time.Minute)
		p.do(unpublish("s"))
		p.run(50 * time.Minute)
	}
	p.do(publish("s", "c"))
	p.run(20 * time.Minute)
	p.do(unpublish("s"))
	p.run(time.Hour - 1)
	if a, next := p.archive("auto-c"), p.archive("auto-c'"); a.Reason != ReasonMaxDuration || next.Status != Started {
		t.Fatalf("%q, then %s", a.Reason, next.Status)
	}
	p.run(1)
	if next := p.archive("auto-c'"); next.Reason != ReasonMaxIdle || next.Recorded != 0 {
		t.Errorf("the next archive: %q after %v", next.Reason, next.Recorded)
	}
}

func TestSessionUsedAgain(t *testing.T) {
	p := newAutomaticPlay(t)
	p.do(join("c"))
	p.run(time.Hour) // the archive times out while c stays
	p.do(join("d"), publish("s", "d"))
	if n := len(p.s.Archives); n != 1 {
		t.Fatalf("%d archives while somebody has stayed", n)
	}
	p.do(leave("c"), leave("d"), join("e"))
	if a := p.archive("auto-e"); a.Status != Started {
		t.Errorf("the archive of the next first client is %s", a.Status)
	}
	p.do(Fail{"auto-e"}, join("f"))
	if n := len(p.s.Archives); n != 2 {
		t.Errorf("%d archives after one has failed", n)
	}
}

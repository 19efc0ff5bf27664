package archive

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func manual(id string) Event {
	return Start{ArchiveID: id, Request: valid(StartRequest{SessionID: "S", StreamMode: Manual})}
}

func TestSelectionIsRefused(t *testing.T) {
	both := Inclusion{"s", true, true}
	for _, test := range []struct {
		name  string
		setup Event
		event Event
		kind  Kind
		word  string
	}{
		{"unknown archive", nil, AddStream{"x", both}, NotFound, "x"},
		{"unknown archive of a removal", nil, RemoveStream{"x", "s"}, NotFound, "x"},
		{"unknown stream", nil, AddStream{"a", Inclusion{"x", true, true}}, NotFound, "published"},
		{"stream that is not in it", nil, RemoveStream{"a", "s"}, NotFound, "not in the archive"},
		{"nothing of the stream", nil, AddStream{"a", Inclusion{StreamID: "s"}}, Invalid, "hasVideo"},
		{"auto", Start{ArchiveID: "b", Request: valid(StartRequest{SessionID: "S", MultiArchiveTag: "t"})}, AddStream{"b", both}, Invalid, "auto"},
		{"removal from auto", Start{ArchiveID: "b", Request: valid(StartRequest{SessionID: "S", MultiArchiveTag: "t"})}, RemoveStream{"b", "s"}, Invalid, "auto"},
		{"stopped", Stop{"a"}, AddStream{"a", both}, Conflict, "stopped"},
		{"removal from a stopped one", Stop{"a"}, RemoveStream{"a", "s"}, Conflict, "stopped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t)
			p.do(join("c"), publish("s", "c"), manual("a"))
			if test.setup != nil {
				p.do(test.setup)
			}
			var e *Error
			if err := p.try(test.event); !errors.As(err, &e) || e.Kind != test.kind || !strings.Contains(e.Message, test.word) {
				t.Errorf("got %v, want %s about %q", err, test.kind, test.word)
			}
		})
	}
}

// TestManualLimits checks that any publisher meets the first-minute limit, but only streams in the archive reset the idle hour.
func TestManualLimits(t *testing.T) {
	both := Inclusion{"s", true, true}
	for _, test := range []struct {
		name   string
		before func(*play)
		limit  time.Duration
		reason string
	}{
		{"nobody publishes", func(*play) {}, time.Minute, ReasonMaxIdle},
		{"nothing is selected", func(p *play) { p.do(publish("s", "c")) }, time.Hour, ReasonMaxIdle},
		{"somebody published for a while", func(p *play) { p.do(publish("s", "c"), unpublish("s")) }, time.Hour, ReasonMaxIdle},
		{"everything was taken out", func(p *play) {
			p.do(publish("s", "c"), AddStream{"a", both})
			p.run(time.Hour)
			p.do(RemoveStream{"a", "s"})
		}, time.Hour, ReasonMaxIdle},
		{"recorded time", func(p *play) { p.do(publish("s", "c"), AddStream{"a", both}) }, 4 * time.Hour, ReasonMaxDuration},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t)
			p.do(join("c"), manual("a"))
			test.before(p)
			p.run(test.limit - 1)
			if a := p.archive("a"); !a.Status.Live() {
				t.Fatalf("just before the limit: %s, %q", a.Status, a.Reason)
			}
			p.run(1)
			if a := p.archive("a"); a.Status != Stopped || a.Reason != test.reason {
				t.Fatalf("at the limit: %s, %q", a.Status, a.Reason)
			}
		})
	}
}

func TestSelectionOfAnAudioArchive(t *testing.T) {
	no := false
	p := newPlay(t)
	p.do(join("c"), publish("s", "c"), Start{ArchiveID: "a", Request: valid(StartRequest{SessionID: "S", StreamMode: Manual, HasVideo: &no})}, AddStream{"a", Inclusion{"s", true, true}})
	if got := p.archive("a").Streams; len(got) != 1 || got[0] != (Inclusion{"s", true, false}) {
		t.Errorf("streams %+v", got)
	}
}

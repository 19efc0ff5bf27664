package archive

import (
	"testing"
	"time"

	"reelcheck/spec"
)

// way describes how archive "a" gets from one status to another.
type way struct {
	automatic     bool
	before, event func(*play)
}

func events(list ...Event) func(*play) { return func(p *play) { p.do(list...) } }

func wait(d time.Duration) func(*play) { return func(p *play) { p.run(d) } }

func then(steps ...func(*play)) func(*play) {
	return func(p *play) {
		for _, step := range steps {
			step(p)
		}
	}
}

var (
	recordingNow = events(join("c"), publish("s", "c"), begin("a"))
	pausedNow    = then(recordingNow, wait(time.Minute), events(unpublish("s")))
	stoppedNow   = then(recordingNow, wait(time.Minute), events(Stop{"a"}, Finish{"a", 5, ""}))
	startedAlone = events(Connect{Connection{ID: "c", CreatedAt: epoch}, "a"}) // in an automatic session
	mostlyPaused = func(p *play) {
		p.do(join("c"), begin("a"))
		for range 12 {
			p.do(publish("s", "c"))
			p.run(10 * time.Minute)
			p.do(unpublish("s"))
			p.run(49 * time.Minute)
		}
	}
)

// ways has one way for every transition in the ledger.
var ways = map[string]way{
	"none: start call":                        {before: events(join("c")), event: events(begin("a"))},
	"none: first client connects":             {automatic: true, before: func(*play) {}, event: startedAlone},
	"started: last stream ends":               {before: recordingNow, event: events(unpublish("s"))},
	"started: last client disconnects":        {before: recordingNow, event: events(leave("c"))},
	"paused: client publishes":                {before: pausedNow, event: events(publish("t", "c"))},
	"started: stop call":                      {before: recordingNow, event: events(Stop{"a"})},
	"paused: stop call":                       {before: pausedNow, event: events(Stop{"a"})},
	"started: first minute without publisher": {before: events(join("c"), begin("a")), event: wait(FirstPublisher)},
	"started: recorded time used up":          {before: recordingNow, event: wait(MaxRecorded)},
	"started: total time used up":             {before: then(mostlyPaused, events(publish("t", "c"))), event: wait(12 * time.Minute)},
	"paused: total time used up":              {before: then(mostlyPaused, events(publish("t", "c")), wait(time.Minute), events(unpublish("t"))), event: wait(11 * time.Minute)},
	"started: idle time used up":              {automatic: true, before: startedAlone, event: wait(MaxIdle)},
	"started: minute without clients":         {automatic: true, before: then(startedAlone, events(leave("c"))), event: wait(MaxEmpty)},
	"paused: idle time used up":               {before: pausedNow, event: wait(MaxIdle)},
	"paused: minute without clients":          {before: then(recordingNow, events(leave("c"))), event: wait(MaxEmpty)},
	"started: server rotation":                {before: recordingNow, event: events(Migrate{"x"})},
	"paused: server rotation":                 {before: pausedNow, event: events(Migrate{"x"})},
	"stopped: upload succeeds":                {before: stoppedNow, event: events(Store{"a", Uploaded, "sum"})},
	"stopped: file generated":                 {before: stoppedNow, event: events(Store{"a", Available, "sum"})},
	"stopped: uploads exhausted, fallback":    {before: stoppedNow, event: events(Store{"a", Available, "sum"})},
	"stopped: uploads exhausted, no fallback": {before: stoppedNow, event: events(Fail{"a"})},
	"started: recording fails":                {before: recordingNow, event: events(Fail{"a"})},
	"paused: recording fails":                 {before: pausedNow, event: events(Fail{"a"})},
	"stopped: recording fails":                {before: then(recordingNow, events(Stop{"a"})), event: events(Fail{"a"})},
	"available: cloud period used up":         {before: then(stoppedNow, events(Store{"a", Available, "sum"})), event: events(Expire{"a"})},
}

// unreachable lists transitions that the ledger allows but this server never makes: here an archive without a publisher stays started.
var unreachable = map[string]bool{"started: nobody publishes": true, "paused: first minute without publisher": true}

// TestEveryTransition checks that each transition in the ledger happens with the right statuses and reason, and that this list has no others.
func TestEveryTransition(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for _, row := range ledger.States.Transitions {
		name := row.From + ": " + row.Event
		if _, known := ways[name]; !known && row.Needs != "" {
			name += ", " + row.Needs
		}
		if unreachable[row.From+": "+row.Event] {
			continue
		}
		w, known := ways[name]
		if !known {
			t.Errorf("%s: no way is known", name)
			continue
		}
		tried[name] = true
		t.Run(name, func(t *testing.T) { w.test(t, row) })
	}
	for name := range ways {
		if !tried[name] {
			t.Errorf("%s is not in the ledger", name)
		}
	}
}

func (w way) test(t *testing.T, row spec.Transition) {
	p := newPlay(t)
	if w.automatic {
		p.s.ArchiveMode = Always
	}
	w.before(p)
	before, known := p.s.Archive("a")
	if known != (row.From != spec.None) || known && string(before.Status) != row.From {
		t.Fatalf("before: %q, want %s", before.Status, row.From)
	}
	w.event(p)
	after := p.archive("a")
	reason := row.Reason
	if reason == "" {
		reason = before.Reason
	}
	if string(after.Status) != row.To || after.Reason != reason {
		t.Errorf("after: %s for %q, want %s for %q", after.Status, after.Reason, row.To, reason)
	}
}

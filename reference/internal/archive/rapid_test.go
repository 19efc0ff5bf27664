package archive

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reelcheck/spec"
)

// TestNoSequenceBreaksTheRules applies random events to a session and lets its deadlines come in time. After each it checks that the invariants
// hold, that a refusal changed nothing, and that the ledger knows every change of status, which was announced.
func TestNoSequenceBreaksTheRules(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := world{T: t, states: ledger.States, s: routed(), now: epoch}
		w.s.ArchiveMode = rapid.SampledFrom([]string{Manual, Always}).Draw(t, "mode")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.pass(rapid.SampledFrom(pauses).Draw(t, "pause"))
			w.apply(w.anyEvent(t))
		}
	})
}

type world struct {
	*rapid.T
	states spec.States
	// archives counts the automatic archives, to make their ids.
	archives int
	s        Session
	now      time.Time
}

func (w *world) apply(e Event) {
	input := fmt.Sprintf("%+v", w.s)
	next, effects, err := Step(w.s, e, w.now)
	if after := fmt.Sprintf("%+v", w.s); after != input {
		w.Fatalf("%T modified its input", e)
	}
	if err != nil && (len(effects) > 0 || !reflect.DeepEqual(next, w.s)) {
		w.Fatalf("%T was refused and changed something", e)
	}
	checkChanges(w.T, w.states, w.s, next, effects)
	checkInvariants(w.T, next, w.now)
	w.s = next
}

var pauses = []time.Duration{0, time.Second, 30 * time.Second, time.Minute, 50 * time.Minute, 3 * time.Hour}

// pass advances time by d and handles every deadline on the way.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for due := Deadlines(w.s); len(due) > 0 && !due[0].At.After(end); due = Deadlines(w.s) {
		if due[0].At.After(w.now) {
			w.now = due[0].At
		}
		w.apply(elapse(due[0]))
	}
	w.now = end
	for _, a := range w.s.Archives {
		checkLimits(w.T, w.s, a, w.now)
	}
}

func (w *world) anyEvent(t *rapid.T) Event {
	w.archives++
	id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id")
	conn := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "connection")
	connect := Connect{Connection{ID: conn, CreatedAt: epoch}, fmt.Sprint("auto", w.archives)}
	return rapid.SampledFrom([]Event{
		connect, connect, leave(conn), publish(id, conn), publish(id, conn), unpublish(id),
		Start{ArchiveID: id + fmt.Sprint(rapid.Uint16().Draw(t, "n")), Request: valid(StartRequest{SessionID: "S", MultiArchiveTag: rapid.SampledFrom([]string{"", "t"}).Draw(t, "tag")})},
		Start{ArchiveID: id, Request: valid(StartRequest{SessionID: "S", MultiArchiveTag: "m", StreamMode: Manual})},
		Start{ArchiveID: id, Request: valid(StartRequest{SessionID: "S", MultiArchiveTag: "i", OutputMode: Individual}), PreferredVideoCodec: "H264"},
		Migrate{fmt.Sprint("moved", w.archives)}, Rotate{w.now.Add(rapid.SampledFrom(pauses).Draw(t, "until")), fmt.Sprint("moved", w.archives)},
		AddStream{id, Inclusion{id, true, rapid.Bool().Draw(t, "video")}}, AddStream{id, Inclusion{conn, true, true}},
		AddStream{id, Inclusion{"b", true, true}}, RemoveStream{id, id}, RemoveStream{id, "b"},
		Start{ArchiveID: id, Request: valid(StartRequest{SessionID: "S"})}, Stop{id}, Delete{id}, Finish{id, 5, rapid.SampledFrom([]string{"", "secret"}).Draw(t, "password")}, Fail{id},
		Store{id, rapid.SampledFrom([]Status{Uploaded, Available}).Draw(t, "status"), "sum"}, Expire{id}, Interrupt{epoch},
	}).Draw(t, "event")
}

func checkChanges(t *rapid.T, states spec.States, before, after Session, effects []Effect) {
	for _, a := range after.Archives {
		was, known := before.Archive(a.ID)
		from := string(was.Status)
		if !known {
			from = spec.None
		}
		announced := 0
		for _, e := range effects {
			if e.Kind == DoAnnounce && e.Archive.ID == a.ID {
				announced++
			}
		}
		switch {
		case from == string(a.Status) || a.Status == Deleted:
			if announced > 0 {
				t.Fatalf("%s stays %s and is announced", a.ID, a.Status)
			}
		case !allows(states, from, was, a):
			t.Fatalf("%s went from %s to %s for %q", a.ID, from, a.Status, a.Reason)
		case announced == 0:
			t.Fatalf("%s went from %s to %s without a word", a.ID, from, a.Status)
		}
	}
}

// allows reports whether the ledger has this transition with this reason.
func allows(states spec.States, from string, was, is Archive) bool {
	return slices.ContainsFunc(states.Transitions, func(row spec.Transition) bool {
		return row.From == from && row.To == string(is.Status) && (row.Reason == is.Reason || row.Reason == "" && is.Reason == was.Reason)
	})
}

// checkLimits checks that nothing exceeds its limits after all deadlines that have come were handled.
func checkLimits(t *rapid.T, s Session, a Archive, now time.Time) {
	since := func(then time.Time, limit time.Duration) bool { return !then.IsZero() && now.Sub(then) >= limit }
	switch {
	case !a.Status.Live():
	case since(a.CreatedAt, MaxTotal), a.RecordedBy(now) >= MaxRecorded, since(a.IdleSince, MaxIdle), since(s.EmptySince, MaxEmpty),
		!a.Automatic && !a.Published && since(a.CreatedAt, FirstPublisher):
		t.Fatalf("at %v %s outlives its time: %+v", now, a.ID, a)
	}
}

func checkInvariants(t *rapid.T, s Session, now time.Time) {
	live := map[string]int{}
	var chain []Archive // the automatic archives
	for _, a := range s.Archives {
		recording := !a.RecordingSince.IsZero()
		switch {
		case recording && a.Status != Started:
			t.Fatalf("%s records and is %s", a.ID, a.Status)
		case a.Status == Paused && len(a.Streams) > 0:
			t.Fatalf("%s is paused while streams are in it", a.ID)
		case a.Status.Live() && recording != (len(a.Streams) > 0):
			t.Fatalf("%s: recording is %v with %d streams", a.ID, recording, len(a.Streams))
		case a.Status.Live() && a.StreamMode == Auto && len(a.Streams) != len(s.Streams):
			t.Fatalf("%s has %d of %d streams", a.ID, len(a.Streams), len(s.Streams))
		case !a.Status.Live() && len(a.Streams) > 0:
			t.Fatalf("%s is %s with streams", a.ID, a.Status)
		case a.Status.Live() && (a.Reason != "" || a.Duration != 0 || a.Size != 0):
			t.Fatalf("%s is live with %q, %v, %d", a.ID, a.Reason, a.Duration, a.Size)
		case !a.Status.Live() && a.Reason == "":
			t.Fatalf("%s is %s without a reason", a.ID, a.Status)
		case a.RecordedBy(now) > MaxRecorded:
			t.Fatalf("%s has recorded %v", a.ID, a.RecordedBy(now))
		case a.Duration%time.Second != 0:
			t.Fatalf("%s lasts %v", a.ID, a.Duration)
		}
		switch {
		case a.Status.Live() && a.Automatic:
			chain = append(chain, a)
		case a.Status.Live():
			if live[a.MultiArchiveTag]++; live[a.MultiArchiveTag] > 1 {
				t.Fatalf("two live archives with tag %q", a.MultiArchiveTag)
			}
		}
	}
	checkChain(t, s, chain)
	if len(s.Connections) == 0 && !s.MoveAt.IsZero() || !s.MoveAt.IsZero() && s.MoveAt.Before(now) {
		t.Fatalf("rotation at %v, now %v", s.MoveAt, now)
	}
	for _, a := range s.Archives {
		for i, in := range a.Streams {
			if _, published := s.Stream(in.StreamID); !published || slices.ContainsFunc(a.Streams[:i], in.same) {
				t.Fatalf("%s has %+v", a.ID, a.Streams)
			}
		}
	}
	for _, st := range s.Streams {
		if _, here := s.Connection(st.ConnectionID); !here {
			t.Fatalf("stream %s without its connection", st.ID)
		}
	}
}

// checkChain checks the live automatic archives of s.
func checkChain(t *rapid.T, s Session, chain []Archive) {
	if len(chain) > 0 && s.ArchiveMode != Always || len(chain) > 2 {
		t.Fatalf("%d automatic archives in a session with archiveMode %s", len(chain), s.ArchiveMode)
	}
	if len(chain) == 2 && (!chain[0].Followed || chain[1].Followed) {
		t.Fatalf("%s and %s do not follow each other", chain[0].ID, chain[1].ID)
	}
	for _, a := range s.Archives {
		if s.ArchiveMode == Always && !a.Automatic && a.MultiArchiveTag == "" {
			t.Fatalf("%s has no tag beside the automatic archives", a.ID)
		}
	}
}

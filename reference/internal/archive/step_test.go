package archive

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/layout/layouttest"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func routed() Session {
	return Session{ID: "S", ApplicationID: "A", MediaMode: Routed, ArchiveMode: Manual, CreatedAt: epoch}
}

// play is a session and the policy time in it.
type play struct {
	t       *testing.T
	s       Session
	at      time.Duration
	effects []Effect // of the last step
}

func newPlay(t *testing.T) *play { return &play{t: t, s: routed()} }

func newAutomaticPlay(t *testing.T) *play {
	p := newPlay(t)
	p.s.ArchiveMode, p.s.ArchiveName, p.s.ArchiveResolution = Always, "show", "1280x720"
	return p
}

func (p *play) now() time.Time { return epoch.Add(p.at) }

func (p *play) try(e Event) error {
	next, effects, err := Step(p.s, e, p.now())
	if err == nil {
		p.s, p.effects = next, effects
	}
	return err
}

func (p *play) do(events ...Event) {
	p.t.Helper()
	for _, e := range events {
		if err := p.try(e); err != nil {
			p.t.Fatalf("at %v %T: %v", p.at, e, err)
		}
	}
}

// run advances time by d and handles every deadline on the way.
func (p *play) run(d time.Duration) {
	p.t.Helper()
	end := p.at + d
	for {
		due := Deadlines(p.s)
		if len(due) == 0 || due[0].At.After(epoch.Add(end)) {
			break
		}
		p.at = max(p.at, due[0].At.Sub(epoch))
		p.do(elapse(due[0]))
	}
	p.at = end
}

func (p *play) archive(id string) Archive {
	p.t.Helper()
	a, ok := p.s.Archive(id)
	if !ok {
		p.t.Fatalf("no archive %s", id)
	}
	return a
}

func join(id string) Event {
	return Connect{Connection{ID: id, CreatedAt: epoch}, "auto-" + id}
}

// elapse returns the event of a deadline. The archive that may follow gets a name made from the one that ends.
func elapse(d Deadline) Event {
	if d.ArchiveID == "" {
		return Elapse{d, fmt.Sprintf("moved-%v", d.At.Sub(epoch))}
	}
	return Elapse{d, d.ArchiveID + "'"}
}

func leave(id string) Event { return Disconnect{id, "clientDisconnected"} }
func publish(id, conn string) Event {
	return Publish{Stream{ID: id, ConnectionID: conn, HasAudio: true, HasVideo: true}}
}
func unpublish(id string) Event { return Unpublish{id, "clientDisconnected"} }

// valid returns r as a Request. It panics if r is invalid.
func valid(r StartRequest) Request {
	checked, err := r.Validate()
	if err != nil {
		panic(err)
	}
	return checked
}

func begin(id string) Event {
	return Start{ArchiveID: id, Request: valid(StartRequest{SessionID: "S"})}
}

// TestLimits checks each limit just before its instant and at it.
func TestLimits(t *testing.T) {
	tests := []struct {
		name   string
		before func(*play)
		limit  time.Duration // counted from the end of before
		reason string
	}{
		{"no first publisher", func(p *play) { p.do(join("c"), begin("a")) }, time.Minute, ReasonMaxIdle},
		{"recorded time", func(p *play) { p.do(join("c"), publish("s", "c"), begin("a")) }, 4 * time.Hour, ReasonMaxDuration},
		{"recorded time in two spans", func(p *play) {
			p.do(join("c"), publish("s", "c"), begin("a"))
			p.run(time.Hour)
			p.do(unpublish("s"))
			p.run(30 * time.Minute)
			p.do(publish("s", "c"))
		}, 3 * time.Hour, ReasonMaxDuration},
		{"idle", func(p *play) {
			p.do(join("c"), publish("s", "c"), begin("a"))
			p.run(time.Minute)
			p.do(unpublish("s"))
		}, time.Hour, ReasonMaxIdle},
		{"last client", func(p *play) {
			p.do(join("c"), publish("s", "c"), begin("a"))
			p.run(time.Minute)
			p.do(leave("c"))
		}, time.Minute, ReasonSessionEnd},
		{"last client, who never published", func(p *play) {
			p.do(join("c"), begin("a"))
			p.run(time.Second)
			p.do(leave("c"))
		}, 59 * time.Second, ReasonMaxIdle},
		{"last client, after one came back in time", func(p *play) {
			p.do(join("c"), publish("s", "c"), begin("a"))
			p.do(leave("c"))
			p.run(time.Minute - 1)
			p.do(join("d"), leave("d"))
		}, time.Minute, ReasonSessionEnd},
		{"idle, after a publisher came back in time", func(p *play) {
			p.do(join("c"), publish("s", "c"), begin("a"), unpublish("s"))
			p.run(time.Hour - 1)
			p.do(publish("s", "c"), unpublish("s"))
		}, time.Hour, ReasonMaxIdle},
		{"idle, whose first publisher came in time", func(p *play) {
			p.do(join("c"), begin("a"))
			p.run(time.Minute - 1)
			p.do(publish("s", "c"), unpublish("s"))
		}, time.Hour, ReasonMaxIdle},
		{"total, while paused", then(mostlyPaused, events(publish("t", "c")), wait(time.Minute), events(unpublish("t"))), 11 * time.Minute, ReasonMaxDuration},
		{"total", then(mostlyPaused, events(publish("t", "c"))), 12 * time.Minute, ReasonMaxDuration},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t)
			test.before(p)
			p.expectStop(t, "a", test.limit, test.reason)
		})
	}
}

// expectStop checks that an archive stops after this time and not before.
func (p *play) expectStop(t *testing.T, id string, limit time.Duration, reason string) {
	t.Helper()
	p.run(limit - 1)
	if a := p.archive(id); !a.Status.Live() {
		t.Fatalf("just before the limit: %s, %q", a.Status, a.Reason)
	}
	p.run(1)
	if a := p.archive(id); a.Status != Stopped || a.Reason != reason {
		t.Fatalf("at the limit: %s, %q; want stopped, %q", a.Status, a.Reason, reason)
	}
}

func TestStartIsRefused(t *testing.T) {
	number := func(n int) *int { return &n }
	no := false
	tests := []struct {
		name  string
		setup func(*play)
		edit  func(*StartRequest)
		kind  Kind
		code  int
		word  string
	}{
		{name: "no session id", edit: func(r *StartRequest) { r.SessionID = "" }, kind: Invalid, word: "sessionId"},
		{name: "long name", edit: func(r *StartRequest) { r.Name = strings.Repeat("ä", 1001) }, kind: Invalid, word: "name"},
		{name: "output mode", edit: func(r *StartRequest) { r.OutputMode = "x" }, kind: Invalid, word: "composed, individual"},
		{name: "stream mode", edit: func(r *StartRequest) { r.StreamMode = "x" }, kind: Invalid, word: "auto, manual"},
		{name: "resolution", edit: func(r *StartRequest) { r.Resolution = "640x360" }, kind: Invalid, word: "1080x1920"},
		{name: "resolution of individual", edit: func(r *StartRequest) { r.OutputMode, r.Resolution = Individual, "640x480" }, kind: Invalid, word: "resolution"},
		{name: "nothing to record", edit: func(r *StartRequest) { r.HasAudio, r.HasVideo = &no, &no }, kind: Invalid, word: "hasVideo"},
		{name: "low bitrate", edit: func(r *StartRequest) { r.MaxBitrate = number(99_999) }, kind: Invalid, word: "100000"},
		{name: "high bitrate", edit: func(r *StartRequest) { r.MaxBitrate = number(6_000_001) }, kind: Invalid, word: "6000000"},
		{name: "low quantizer", edit: func(r *StartRequest) { r.QuantizationParameter = number(14) }, kind: Invalid, word: "15"},
		{name: "high quantizer", edit: func(r *StartRequest) { r.QuantizationParameter = number(41) }, kind: Invalid, word: "40"},
		{name: "bitrate and quantizer", edit: func(r *StartRequest) { r.MaxBitrate, r.QuantizationParameter = number(100_000), number(15) }, kind: Invalid, word: "both"},
		{name: "transcription of composed", edit: func(r *StartRequest) { r.HasTranscription = true }, kind: Invalid, word: "hasTranscription"},
		{name: "transcription", edit: func(r *StartRequest) { r.OutputMode, r.HasTranscription = Individual, true }, kind: Unimplemented, word: "hasTranscription"},
		{name: "layout of individual", edit: func(r *StartRequest) {
			r.OutputMode, r.Layout = Individual, new(layouttest.New(layout.Spec{Type: "pip"}))
		}, kind: Invalid, word: "layout"},
		{name: "relayed", setup: func(p *play) { p.s.MediaMode = Relayed }, kind: Conflict, code: 15008, word: "routed"},
		{name: "no client", setup: func(p *play) { p.do(leave("c")) }, kind: NotFound, word: "client"},
		{name: "twice", setup: func(p *play) { p.do(begin("first")) }, kind: Conflict, code: 15001, word: "already"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t)
			p.do(join("c"))
			if test.setup != nil {
				test.setup(p)
			}
			request := StartRequest{SessionID: "S"}
			if test.edit != nil {
				test.edit(&request)
			}
			e := p.refused(t, request)
			if e.Kind != test.kind || e.Code != test.code || !strings.Contains(e.Message, test.word) {
				t.Errorf("got %s %d %q, want %s %d with %q", e.Kind, e.Code, e.Message, test.kind, test.code, test.word)
			}
		})
	}
}

// refused returns the refusal of a start, which must not change the session.
func (p *play) refused(t *testing.T, request StartRequest) *Error {
	t.Helper()
	before := fmt.Sprint(p.s)
	checked, err := request.Validate()
	if err == nil {
		err = p.try(Start{ArchiveID: "a", Request: checked})
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if after := fmt.Sprint(p.s); after != before {
		t.Errorf("the session changed:\n%s\n%s", before, after)
	}
	return e
}

func TestStartDefaults(t *testing.T) {
	p := newPlay(t)
	p.do(join("c"), begin("a"))
	a := p.archive("a")
	width, height := a.Canvas()
	if a.OutputMode != Composed || a.StreamMode != Auto || !a.HasAudio || !a.HasVideo || width != 640 || height != 480 ||
		a.Layout.Spec().Type != layout.BestFit || a.MaxBitrate != 0 || a.QuantizationParameter != 0 || a.Status != Started {
		t.Errorf("got %+v", a)
	}
}

func TestStopAndDelete(t *testing.T) {
	p := newPlay(t)
	p.do(join("c"), publish("s", "c"), begin("a"))
	wantCode := func(e Event, code int) {
		t.Helper()
		var got *Error
		if err := p.try(e); !errors.As(err, &got) || got.Code != code {
			t.Errorf("%T: got %v, want code %d", e, err, code)
		}
	}
	wantCode(Delete{"a"}, CodeCannotDelete)
	p.run(10*time.Second + 600*time.Millisecond)
	p.do(Stop{"a"})
	stopped := p.archive("a")
	p.run(time.Second)
	p.do(Stop{"a"})
	if again := p.archive("a"); again.UpdatedAt != stopped.UpdatedAt || len(p.effects) != 0 {
		t.Errorf("a second stop changed the archive: %+v, %v", again, p.effects)
	}
	wantCode(Delete{"a"}, CodeCannotDelete)
	p.do(Finish{"a", 4711, ""}, Store{"a", Available, "sum"})
	a := p.archive("a")
	if a.Status != Available || a.Duration != 11*time.Second || a.Size != 4711 || a.SHA256Sum != "sum" || a.Reason != ReasonUser {
		t.Errorf("got %+v", a)
	}
	if last := p.effects[len(p.effects)-1]; last.Kind != DoExpire || !last.At.Equal(a.CreatedAt.Add(72*time.Hour)) {
		t.Errorf("last effect %+v", last)
	}
	wantCode(Stop{"a"}, CodeCannotStop)
	p.do(Delete{"a"}, Delete{"a"})
	if err := p.try(Stop{"a"}); err == nil {
		t.Error("a deleted archive can be stopped")
	}
	p.do(Expire{"a"})
	if got := p.archive("a").Status; got != Deleted {
		t.Errorf("after expiry of a deleted archive: %s", got)
	}
}

// TestEncryptedFile checks that an encrypted file has a password and no duration.
func TestEncryptedFile(t *testing.T) {
	for password, want := range map[string]time.Duration{"": 10 * time.Second, "secret": 0} {
		p := newPlay(t)
		p.do(join("c"), publish("s", "c"), begin("a"))
		p.run(10 * time.Second)
		p.do(Stop{"a"}, Finish{"a", 4711, password}, Store{"a", Uploaded, "sum"})
		if a := p.archive("a"); a.Duration != want || a.Password != password || a.Size != 4711 {
			t.Errorf("password %q: %+v", password, a)
		}
		if told := p.effects[0].Archive; told.Status != Uploaded || told.Password != password || told.Duration != want {
			t.Errorf("password %q: announced %+v", password, told)
		}
	}
}

func TestInterrupt(t *testing.T) {
	p := newPlay(t)
	p.do(join("c"), publish("s", "c"), begin("a"))
	p.run(10 * time.Second)
	p.do(Interrupt{At: epoch.Add(8 * time.Second)})
	a := p.archive("a")
	if a.Status != Stopped || a.Reason != ReasonSessionEnd || a.Recorded != 8*time.Second || len(p.s.Connections)+len(p.s.Streams) != 0 {
		t.Errorf("got %+v", p.s)
	}
}

func TestParseLayout(t *testing.T) {
	for want, spec := range map[string]layout.Spec{
		"layout.type must be one of bestFit, pip":         {Type: "grid"},
		"layout.stylesheet is only for type custom":       {Type: layout.PIP, Stylesheet: "x"},
		"layout.screenshareType is only for type bestFit": {Type: layout.PIP, Screenshare: layout.PIP},
		`layout.stylesheet has the selector "b"`:          {Type: layout.Custom, Stylesheet: "b{left:0}"},
	} {
		var got *Error
		if _, err := ParseLayout("layout.", spec); !errors.As(err, &got) || got.Kind != Invalid || !strings.Contains(got.Message, want) {
			t.Errorf("%+v: %v, want %s", spec, err, want)
		}
	}
}

// TestCreatedWhenNoticed checks that the creation time of a client or stream equals the time of its notice.
func TestCreatedWhenNoticed(t *testing.T) {
	p := newPlay(t)
	p.run(90 * time.Second)
	p.do(join("c"))
	if got := p.s.Connections[0].CreatedAt; !got.Equal(p.now()) {
		t.Errorf("connection created at %v, want %v", got, p.now())
	}
	p.run(time.Second)
	p.do(publish("s", "c"))
	if got := p.s.Streams[0].CreatedAt; !got.Equal(p.now()) {
		t.Errorf("stream created at %v, want %v", got, p.now())
	}
}

func TestLayoutChanges(t *testing.T) {
	pip := layouttest.New(layout.Spec{Type: layout.PIP})
	p := newPlay(t)
	p.do(join("c"), begin("a"))
	p.do(Arrange{"a", pip})
	if a := p.archive("a"); a.Layout.Spec() != pip.Spec() || a.FirstLayout.Spec().Type != layout.BestFit || len(p.effects) != 1 || p.effects[0].Kind != DoArrange || p.effects[0].Archive.Layout.Spec() != pip.Spec() {
		t.Errorf("%+v, %+v", a, p.effects)
	}
	if p.do(Arrange{"a", pip}); len(p.effects) != 0 {
		t.Errorf("the same again: %+v", p.effects)
	}
	refused := func(e Event, kind Kind, word string) {
		t.Helper()
		var got *Error
		if err := p.try(e); !errors.As(err, &got) || got.Kind != kind || !strings.Contains(got.Message, word) {
			t.Errorf("%v: %v, want %s about %q", e, got, kind, word)
		}
	}
	refused(Arrange{"b", pip}, NotFound, "b")
	p.do(Stop{"a"})
	refused(Arrange{"a", layout.Default}, Conflict, "stopped")
	p.s.Archives[0].OutputMode = Individual
	refused(Arrange{"a", pip}, Invalid, "composed")
}

func TestClasses(t *testing.T) {
	p := newPlay(t)
	p.do(join("c"), publish("s", "c"), publish("u", "c"))
	p.do(Classify{map[string][]string{"s": {"focus"}, "u": nil}})
	if len(p.effects) != 1 || p.effects[0].Kind != DoClassify || p.effects[0].Stream.ID != "s" || p.s.Streams[0].LayoutClasses[0] != "focus" {
		t.Errorf("%+v", p.effects)
	}
	if err := p.try(Classify{map[string][]string{"s": nil, "x": nil}}); err == nil || len(p.s.Streams[0].LayoutClasses) != 1 {
		t.Errorf("one stream is unknown: %v", err)
	}
}

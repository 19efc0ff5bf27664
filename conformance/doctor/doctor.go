// Package doctor proves the way from the suite to a target and back: a session, three seconds of media, an archive, its
// callbacks, its file. It finds out what is wrong before a run does, and judges nothing.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/text"
)

// State is the result of a step.
type State string

const (
	OK      State = "ok"
	Wrong   State = "FAIL"
	Absent  State = "not applicable" // the target file does not declare it
	Untried State = "not tried"      // something that it needs is wrong
	Unseen  State = "declared"       // no step is for it
)

// Step is one thing that was tried.
type Step struct {
	Name   string
	State  State
	Detail string // what was seen; of a wrong step what to do about it, with the words of the server
}

// Options says what to examine, and with what.
type Options struct {
	File config.File
	// Clients starts what publishes. It may log to dir, and is closed if it is an io.Closer.
	Clients func(ctx context.Context, dir string, j *evidence.Journal) (publisher.Driver, error)
	// Look describes a media file.
	Look func(ctx context.Context, path string) (media.Report, error)
	// FFmpeg returns the version of the FFmpeg program.
	FFmpeg func(context.Context) (string, error)
	// Record is the length of the archive; at least 1 s of it must be in the file.
	Record time.Duration
	// Arrival limits the wait for a callback after the stop.
	Arrival time.Duration
	// Within limits the examination from the moment at which the target runs and the suite listens, together with the start of clients.
	Within time.Duration
	// Tell is called with each step as soon as it is done.
	Tell func(Step)
}

// step is a step with what it needs: names of earlier steps, which must be ok or not applicable.
type step struct {
	name  string
	needs []string
	try   func(*examination, context.Context) (detail string, err error)
}

// preparation is what the suite itself needs, and way what the target does, each from cause to effect.
var (
	preparation = []step{
		{"FFmpeg", nil, (*examination).ffmpeg},
		{"receivers", nil, (*examination).listen},
		{"clients", nil, (*examination).drive},
		{"target", nil, (*examination).start},
	}
	way = []step{
		{"server", []string{"target"}, (*examination).reach},
		{"clock", []string{"server"}, (*examination).clock},
		{"API", []string{"server"}, (*examination).api},
		{"application JWT", []string{"API", "clock"}, (*examination).unified},
		{"API key and secret", []string{"API", "clock"}, (*examination).legacy},
		{"bucket", []string{"receivers"}, (*examination).bucket},
		{"control API", []string{"API", "receivers", "bucket"}, (*examination).control},
		{"session", []string{"API", "clock", "receivers", "control API"}, (*examination).session},
		{"client events", []string{"clients", "session"}, (*examination).events},
		{"publish", []string{"clients", "session", "client events"}, (*examination).publish},
		{"archive", []string{"publish"}, (*examination).archive},
		{"callback", []string{"archive", "receivers"}, (*examination).callback},
		{"signature", nil, (*examination).signature}, // of a callback
		{"session callback", []string{"publish", "receivers"}, (*examination).sessionCallback},
		{"file", []string{"archive", "bucket", "FFmpeg"}, (*examination).file},
	}
)

// examination is what the steps have found so far. Its scenario in the evidence is "doctor".
type examination struct {
	Options
	dir     string // for the evidence and the file
	journal *evidence.Journal
	mail    *sink.Mailbox
	hooks   *sink.Webhooks
	store   store // nil without a bucket
	place   string
	clients publisher.Driver
	target  *launch.Target
	client  *target.Client
	key     error         // why the private key cannot be used
	probe   target.Answer // to a request without credentials
	as      target.As     // whose credentials were accepted; without a client if nobody's were
	id      string        // of the session
	token   string        // of its client
	conn    *target.Connection
	ended   <-chan struct{} // when nothing is published any more
	film    string          // id of the fixture
	made    string          // id of the archive
	undo    []func(context.Context)
	state   map[string]State
	spent   time.Duration // for the start of clients
}

// absent is the error of a step that does not apply.
type absent string

func (a absent) Error() string { return string(a) }

// errUntried is the error of a step that cannot be tried.
var errUntried = errors.New("something above is wrong")

// Examine goes all the way and returns its steps in their order. An error says why it could not, or that ctx ended.
func Examine(ctx context.Context, o Options) (steps []Step, err error) {
	dir, err := os.MkdirTemp("", "conform-doctor-")
	if err != nil {
		return nil, err
	}
	e := &examination{Options: o, dir: dir, state: map[string]State{}}
	defer func() {
		end := errors.Join(e.close(ctx), os.RemoveAll(dir))
		if end != nil && err == nil { // such as an adapter that does not end: the steps before may say why
			steps = append(steps, Step{"end", Wrong, e.shown(end.Error())})
			o.Tell(steps[len(steps)-1])
			return
		}
		err = errors.Join(err, end)
	}()
	if e.journal, err = evidence.Create(dir+"/evidence", evidence.About{Suite: "doctor"}, nil); err != nil {
		return nil, err
	}
	out, err := e.all(ctx, preparation)
	if err != nil {
		return out, err
	}
	limited, cancel := context.WithTimeout(ctx, o.Within-e.spent)
	defer cancel()
	walked, err := e.all(limited, way)
	out = append(out, walked...)
	if left := untried(o.File); err == nil && len(left) > 0 {
		out = append(out, Step{"other capabilities", Unseen, "declared, not tried: " + strings.Join(left, ", ")})
		o.Tell(out[len(out)-1])
	}
	return out, errors.Join(err, ctx.Err())
}

// all tries the steps. Only a parent context that ends is an error.
func (e *examination) all(ctx context.Context, steps []step) ([]Step, error) {
	var out []Step
	for _, s := range steps {
		done := e.try(ctx, s)
		if errors.Is(ctx.Err(), context.Canceled) {
			return out, ctx.Err()
		}
		e.state[s.name] = done.State
		out = append(out, done)
		e.Tell(done)
	}
	return out, nil
}

// lacks reports whether an earlier step was wrong or not tried.
func (e *examination) lacks(step string) bool {
	return e.state[step] == Wrong || e.state[step] == Untried
}

func (e *examination) try(ctx context.Context, s step) Step {
	if s.name == "control API" && !e.File.Has(config.Control) { // whatever it would need
		return Step{s.name, Absent, "the target file does not declare control"}
	}
	for _, need := range s.needs {
		if e.lacks(need) {
			return Step{s.name, Untried, "needs: " + need}
		}
	}
	if ctx.Err() != nil {
		return Step{s.name, Untried, fmt.Sprintf("the %v are over; --within gives more", e.Within)}
	}
	detail, err := s.try(e, ctx)
	var no absent
	switch {
	case err == nil:
		return Step{s.name, OK, e.shown(detail)}
	case errors.As(err, &no):
		return Step{s.name, Absent, e.shown(string(no))}
	case errors.Is(err, errUntried):
		return Step{s.name, Untried, err.Error()}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return Step{s.name, Wrong, e.shown(fmt.Sprintf("not done when the %v were over; --within gives more: %v", e.Within, err))}
	}
	return Step{s.name, Wrong, e.shown(err.Error())}
}

// First returns the first wrong step: those below it may only follow from it.
func First(steps []Step) (Step, bool) {
	for _, s := range steps {
		if s.State == Wrong {
			return s, true
		}
	}
	return Step{}, false
}

// detailLimit is the longest detail in characters.
const detailLimit = 600

// shown makes text of others fit for a terminal: one line, without control characters and without secrets.
func (e *examination) shown(detail string) string {
	return text.Clip(strings.Join(strings.FieldsFunc(e.File.Conceal(detail), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " "), detailLimit)
}

// said tells an answer in the words of the server.
func said(a target.Answer) string {
	if a.Status == 0 {
		return "got no answer: " + a.Exchange.Error
	}
	if a.Exchange.Error != "" {
		return fmt.Sprintf("answered %d, but %s", a.Status, a.Exchange.Error)
	}
	body := strings.TrimSpace(a.Exchange.Response.Body.Text)
	if body == "" { // the evidence has it elsewhere
		body = text.Head(string(a.Body), detailLimit)
	}
	switch kind := a.Header.Get("Content-Type"); {
	case len(a.Body) == 0:
		return fmt.Sprintf("answered %d without a body", a.Status)
	case strings.HasPrefix(kind, "text/html"):
		return fmt.Sprintf("answered %d with a web page: %s", a.Status, text.Clip(body, 160))
	}
	return fmt.Sprintf("answered %d: %s", a.Status, text.Clip(body, 300))
}

// cleanUp limits the removal of what the examination made.
const cleanUp = 5 * time.Second

// close undoes what the steps did, the last first, and closes what they opened.
func (e *examination) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	undone := make(chan struct{})
	go func() { // ends when the clients are closed, at the latest
		defer close(undone)
		for i := len(e.undo) - 1; i >= 0; i-- {
			e.undo[i](ctx)
		}
	}()
	select {
	case <-undone:
	case <-ctx.Done():
	}
	var errs []error
	if c, ok := e.clients.(io.Closer); ok {
		errs = append(errs, c.Close())
	}
	<-undone
	if e.target != nil {
		errs = append(errs, e.target.Close())
	}
	if e.hooks != nil {
		errs = append(errs, e.hooks.Close())
	}
	if e.store != nil {
		errs = append(errs, e.store.Close())
	}
	if e.mail != nil {
		errs = append(errs, e.mail.Close())
	}
	if e.journal != nil {
		errs = append(errs, e.journal.Close())
	}
	return errors.Join(errs...)
}

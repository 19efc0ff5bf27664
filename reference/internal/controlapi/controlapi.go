// Package controlapi implements the control API: isolated applications, their clocks and faults. With it, rules about hours can be tested in
// seconds. The server offers it only on request, with its own bearer token.
package controlapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/api/target"
	"reelcheck/reference/internal/api/wire"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/fault"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/store"
)

// Applications stores applications. Application returns [store.ErrNotFound] for one that does not exist.
type Applications interface {
	CreateApplication(ctx context.Context, a account.Application) error
	Application(ctx context.Context, id string) (account.Application, error)
}

// Sessions moves the policy time of applications and ends their sessions.
type Sessions interface {
	Now(appID string) time.Time
	Offset(appID string) time.Duration
	// Advance moves the clock to target, which must not be before Now. Everything due on the way happens in order, each before the next. Advance
	// returns what happened.
	Advance(ctx context.Context, appID string, target time.Time) (sessions.Walk, error)
	// Deadlines returns the pending deadlines, earliest first.
	Deadlines(ctx context.Context, appID string) ([]sessions.Due, error)
	// Rotate plans to move a session to another server after the policy time in.
	Rotate(ctx context.Context, appID, sessionID string, in time.Duration) error
	// DeleteApplication removes the application and ends everything it has.
	DeleteApplication(ctx context.Context, appID string) error
	// ResetApplication ends everything the application has, but keeps the application.
	ResetApplication(ctx context.Context, appID string) error
}

// Deliveries is the log of webhooks. ReplayDelivery returns [store.ErrNotFound] for one that the application does not have.
type Deliveries interface {
	Deliveries(ctx context.Context, appID string, count int) ([]store.Delivery, error)
	ReplayDelivery(ctx context.Context, appID string, id int64, now time.Time) error
}

// Config is the configuration of an [API].
type Config struct {
	Token        string // the bearer token of the control API
	Applications Applications
	Sessions     Sessions
	Webhooks     Deliveries
	Board        *fault.Board
	// Targets says which addresses applications may name.
	Targets target.Rules
	// Now returns real time.
	Now func() time.Time
}

// API implements [reelcheck/reference/internal/api.ControlAPI].
type API struct{ Config }

// New returns the control API.
func New(c Config) *API { return &API{c} }

var errToken = &archive.Error{Kind: archive.Forbidden,
	Message: "the control API needs its own token as bearer: controlToken of the ready line, which is the setting control-token"}

// Authorize returns an error for a request without the control token.
func (a *API) Authorize(r *http.Request) error {
	token, ok := account.Bearer(r.Header.Get("Authorization"))
	if !ok {
		return errToken
	}
	// Digests have equal length, so that the duration of the comparison reveals nothing about the token.
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(a.Token))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || a.Token == "" {
		return errToken
	}
	return nil
}

// RequireApplication returns an error if the application in the path does not exist.
func (a *API) RequireApplication(r *http.Request) error {
	id := r.PathValue("applicationId")
	_, err := a.Applications.Application(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		return &archive.Error{Kind: archive.NotFound, Field: "applicationId", Message: "application " + id + " does not exist"}
	}
	return err
}

// CreateApplication handles POST /control/v1/applications.
func (a *API) CreateApplication(w http.ResponseWriter, r *http.Request) error {
	var body apigen.ApplicationRequest
	if err := wire.ReadKnown(r, &body); err != nil {
		return err
	}
	chosen, err := a.Targets.Application(body)
	if err != nil {
		return err
	}
	app, privateKey, err := account.NewApplication(chosen.Name, a.Now())
	if err != nil {
		return err
	}
	choose(&app, chosen)
	if err := a.Applications.CreateApplication(r.Context(), app); err != nil {
		return err
	}
	codec, created := apigen.Codec(app.PreferredVideoCodec), app.CreatedAt.UnixMilli()
	return wire.Write(w, http.StatusCreated, apigen.CreatedApplication{
		ApplicationId:       app.ID,
		Name:                &app.Name,
		PrivateKey:          privateKey,
		ApiKey:              app.Key(),
		ApiSecret:           app.APISecret,
		PreferredVideoCodec: &codec,
		CreatedAt:           &created,
	})
}

// choose copies the caller's choices to a new application.
func choose(app *account.Application, chosen account.Application) {
	app.PreferredVideoCodec = chosen.PreferredVideoCodec
	app.ArchiveCallbackURL, app.SessionCallbackURL = chosen.ArchiveCallbackURL, chosen.SessionCallbackURL
	app.SignatureSecret, app.Email = chosen.SignatureSecret, chosen.Email
	app.Storage, app.Fallback = chosen.Storage, chosen.Fallback
}

// DeleteApplication handles DELETE /control/v1/applications/{applicationId}.
func (a *API) DeleteApplication(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	if err := a.Sessions.DeleteApplication(r.Context(), r.PathValue("applicationId")); err != nil {
		return err
	}
	a.Board.Clear(r.PathValue("applicationId"))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// ReadClock handles GET .../clock.
func (a *API) ReadClock(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	id := r.PathValue("applicationId")
	return wire.Write(w, http.StatusOK, apigen.Clock{Now: a.Sessions.Now(id).UnixMilli(), Offset: a.Sessions.Offset(id).Milliseconds()})
}

// maxAdvance is the longest advance. A longer one is probably a mistake in the unit.
const maxAdvance = 366 * 24 * time.Hour

// AdvanceClock handles POST .../clock.
func (a *API) AdvanceClock(w http.ResponseWriter, r *http.Request) error {
	var body apigen.ClockAdvance
	if err := wire.ReadKnown(r, &body); err != nil {
		return err
	}
	if err := checkAdvance(body); err != nil {
		return err
	}
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	id := r.PathValue("applicationId")
	goal, err := a.goal(r.Context(), id, body)
	if err != nil {
		return err
	}
	walk, err := a.Sessions.Advance(r.Context(), id, goal)
	if err != nil {
		return err
	}
	skipped := make([]apigen.Skip, 0, len(walk.Skipped))
	for _, s := range walk.Skipped {
		skipped = append(skipped, apigen.Skip{ArchiveId: s.ArchiveID, Skipped: s.By.Milliseconds()})
	}
	return wire.Write(w, http.StatusOK, apigen.ClockAdvanced{
		Now: a.Sessions.Now(id).UnixMilli(), Offset: a.Sessions.Offset(id).Milliseconds(), Fired: render(walk.Fired), Skipped: &skipped})
}

func checkAdvance(body apigen.ClockAdvance) error {
	given := 0
	for _, is := range []bool{body.Advance != nil, body.To != nil, body.ToNext != nil} {
		if is {
			given++
		}
	}
	most := maxAdvance.Milliseconds()
	switch {
	case given != 1:
		return wire.Invalid("advance", "exactly one of advance, to and toNext must be given")
	case body.Advance != nil && (*body.Advance < 0 || *body.Advance > most):
		return wire.Invalid("advance", "advance must be from 0 to %d milliseconds, got %d", most, *body.Advance)
	case body.To != nil && *body.To < 0:
		return wire.Invalid("to", "to must be milliseconds since the Unix epoch, got %d", *body.To)
	case body.ToNext != nil && !bool(*body.ToNext):
		return wire.Invalid("toNext", "toNext must be true")
	}
	return nil
}

func (a *API) goal(ctx context.Context, appID string, body apigen.ClockAdvance) (time.Time, error) {
	now := a.Sessions.Now(appID)
	switch {
	case body.Advance != nil:
		return now.Add(time.Duration(*body.Advance) * time.Millisecond), nil
	case body.To != nil:
		// The clock is finer than the milliseconds that the caller reads, so a "to" of the time just read is no step back.
		to, most := *body.To, now.Add(maxAdvance).UnixMilli()
		if to < now.UnixMilli() || to > most {
			return time.Time{}, wire.Invalid("to", "to must be from now, %d, to a year later, %d, got %d", now.UnixMilli(), most, to)
		}
		return later(now, time.UnixMilli(to)), nil
	}
	deadlines, err := a.Sessions.Deadlines(ctx, appID)
	if err != nil {
		return time.Time{}, err
	}
	if len(deadlines) == 0 {
		return time.Time{}, &archive.Error{Kind: archive.Conflict, Field: "toNext", Message: "there is no next deadline"}
	}
	return later(now, deadlines[0].At), nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Deadlines handles GET .../deadlines.
func (a *API) Deadlines(w http.ResponseWriter, r *http.Request) error {
	if err := a.RequireApplication(r); err != nil {
		return err
	}
	deadlines, err := a.Sessions.Deadlines(r.Context(), r.PathValue("applicationId"))
	if err != nil {
		return err
	}
	return wire.Write(w, http.StatusOK, apigen.DeadlineList{Items: render(deadlines)})
}

func render(deadlines []sessions.Due) []apigen.Deadline {
	out := make([]apigen.Deadline, 0, len(deadlines))
	for _, d := range deadlines {
		item := apigen.Deadline{Kind: d.Kind, At: d.At.UnixMilli()}
		if d.ArchiveID != "" {
			item.ArchiveId = &d.ArchiveID
		}
		if d.SessionID != "" {
			item.SessionId = &d.SessionID
		}
		out = append(out, item)
	}
	return out
}

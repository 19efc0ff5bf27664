package access

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Auth tries every kind of wrong credentials.
var Auth = scenario.Scenario{
	Name: scenarios.Auth, Title: "credentials, good and bad, of both identities and of clients",
	Within: 60 * time.Second, Run: runAuth,
}

// month is the longest lifetime of a client token.
const month = 30 * 24 * time.Hour

func runAuth(ctx context.Context, f *scenario.Flow) error {
	session, err := f.Session(ctx, "session")
	if err != nil {
		return err
	}
	if _, err := f.Present(ctx, session, "alice", "tone-11"); err != nil {
		return err
	}
	a, err := f.Start(ctx, "start", session, map[string]any{"name": "auth"})
	if err != nil {
		return err
	}
	if err := keys(ctx, f, a); err != nil {
		return err
	}
	if err := clientTokens(ctx, f, session); err != nil {
		return err
	}
	if _, err := f.As.Get(ctx, "get.unharmed", a.ID); err != nil {
		return err
	}
	if _, err := f.As.List(ctx, "list.unharmed", nil, false); err != nil {
		return err
	}
	if err := f.Stop(ctx, "stop", a.ID); err != nil {
		return err
	}
	return f.Deliver(ctx, a.ID)
}

// keys tries each flaw on reads, and the most dangerous ones on all other calls.
func keys(ctx context.Context, f *scenario.Flow, a scenario.Started) error {
	var all []target.As
	for _, flaw := range []evidence.Flaw{evidence.NoFlaw, evidence.WrongSignature, evidence.ExpiredToken, evidence.TooLongLived, evidence.IssuedEarly, evidence.NotYetValid,
		evidence.NoExpiry, evidence.UnknownIssuer, evidence.WrongAlgorithm, evidence.Unsigned, evidence.GarbageToken} {
		if f.Target.File.Has(config.Unified) {
			all = append(all, target.As{Client: f.As.Client, Identity: evidence.AsUnified, Flaw: flaw})
		}
	}
	for _, flaw := range []evidence.Flaw{evidence.NoFlaw, evidence.WrongSignature, evidence.ExpiredToken, evidence.TooLongLived, evidence.IssuedEarly, evidence.NotYetValid,
		evidence.NoExpiry, evidence.UnknownIssuer, evidence.WrongType, evidence.Unsigned, evidence.GarbageToken} {
		if f.Target.File.Has(config.Legacy) {
			all = append(all, target.As{Client: f.As.Client, Identity: evidence.AsLegacy, Flaw: flaw})
		}
	}
	all = append(all, target.As{Client: f.As.Client, Identity: evidence.AsNobody})
	if f.Target.File.Has(config.Unified) {
		token, err := f.As.App.Mint(target.ClientToken{Kind: target.JWTToken, SessionID: a.Session, Role: "moderator"}, time.Now())
		if err != nil {
			return err
		}
		all = append(all, target.As{Client: f.As.Client, Identity: evidence.AsClient, Token: token})
	}
	for _, as := range all {
		name := string(as.Identity)
		if as.Flaw != evidence.NoFlaw {
			name += "." + string(as.Flaw)
		}
		if _, err := as.List(ctx, "list."+name, nil, false); err != nil {
			return err
		}
		if _, err := as.Get(ctx, "get."+name, a.ID); err != nil {
			return err
		}
		if as.Flaw != evidence.WrongSignature && as.Flaw != evidence.ExpiredToken && as.Identity != evidence.AsNobody && as.Identity != evidence.AsClient {
			continue
		}
		if _, err := as.Stop(ctx, "stop."+name, a.ID, nil); err != nil {
			return err
		}
		if _, err := as.Delete(ctx, "delete."+name, a.ID); err != nil {
			return err
		}
		if _, err := as.Start(ctx, "start."+name, map[string]any{"sessionId": a.Session}); err != nil {
			return err
		}
		if err := meddle(ctx, as, name, a); err != nil {
			return err
		}
	}
	return nil
}

// meddle makes the calls about what goes on in a session and in its archive. The token of a client does not try to create a
// session, whose path is one of those that its acl names.
func meddle(ctx context.Context, as target.As, name string, a scenario.Started) error {
	nobody := uuid.NewString()
	calls := []func() (target.Answer, error){
		func() (target.Answer, error) { return as.Connections(ctx, "connections."+name, a.Session) },
		func() (target.Answer, error) { return as.Streams(ctx, "streams."+name, a.Session) },
		func() (target.Answer, error) { return as.Stream(ctx, "stream."+name, a.Session, nobody) },
		func() (target.Answer, error) {
			return as.Classify(ctx, "classes."+name, a.Session, map[string][]string{nobody: {"focus"}})
		},
		func() (target.Answer, error) { return as.Disconnect(ctx, "disconnect."+name, a.Session, nobody) },
		func() (target.Answer, error) {
			return as.Arrange(ctx, "layout."+name, a.ID, map[string]any{"type": "pip"}, false)
		},
		func() (target.Answer, error) {
			return as.Select(ctx, "select."+name, a.ID, map[string]any{"addStream": nobody})
		},
	}
	if as.Identity != evidence.AsClient {
		calls = append(calls, func() (target.Answer, error) {
			got, _, err := as.CreateSession(ctx, "session."+name, url.Values{"p2p.preference": {"disabled"}})
			return got, err
		})
	}
	for _, call := range calls {
		if _, err := call(); err != nil {
			return err
		}
	}
	return nil
}

// clientTokens tries client tokens of every kind, and tokens that must not let anyone in.
func clientTokens(ctx context.Context, f *scenario.Flow, session string) error {
	if !f.Target.File.Has(config.Events) {
		return nil
	}
	other, err := f.Session(ctx, "session.other")
	if err != nil {
		return err
	}
	for _, t := range []struct {
		label string
		need  config.Capability
		token target.ClientToken
		in    string // the session to join
	}{
		{"jwt", config.Unified, target.ClientToken{Kind: target.JWTToken, SessionID: session}, session},
		{"t1", config.Legacy, target.ClientToken{Kind: target.T1Token, SessionID: session}, session},
		{"t1-timeless", config.Legacy, target.ClientToken{Kind: target.T1Token, SessionID: session, Timeless: true}, session},
		{"legacy-jwt", config.Legacy, target.ClientToken{Kind: target.LegacyJWTToken, SessionID: session}, session},
		{"jwt-other-session", config.Unified, target.ClientToken{Kind: target.JWTToken, SessionID: other}, session},
		{"t1-other-session", config.Legacy, target.ClientToken{Kind: target.T1Token, SessionID: other}, session},
		{"jwt-expired", config.Unified, target.ClientToken{Kind: target.JWTToken, SessionID: session, Lifetime: -target.ExpiredFor}, session},
		{"t1-expired", config.Legacy, target.ClientToken{Kind: target.T1Token, SessionID: session, Lifetime: -target.ExpiredFor}, session},
		{"legacy-jwt-other-session", config.Legacy, target.ClientToken{Kind: target.LegacyJWTToken, SessionID: other}, session},
		{"legacy-jwt-expired", config.Legacy, target.ClientToken{Kind: target.LegacyJWTToken, SessionID: session, Lifetime: -target.ExpiredFor}, session},
		{"jwt-data-1000", config.Unified, target.ClientToken{Kind: target.JWTToken, SessionID: session, Data: strings.Repeat("d", 1000)}, session},
		{"jwt-data-1025", config.Unified, target.ClientToken{Kind: target.JWTToken, SessionID: session, Data: strings.Repeat("d", 1025)}, session},
		{"t1-data-1000", config.Legacy, target.ClientToken{Kind: target.T1Token, SessionID: session, Data: strings.Repeat("d", 1000)}, session},
		{"t1-data-1025", config.Legacy, target.ClientToken{Kind: target.T1Token, SessionID: session, Data: strings.Repeat("d", 1025)}, session},
		{"jwt-wide-data-1000", config.Unified, target.ClientToken{Kind: target.JWTToken, SessionID: session, Data: strings.Repeat("ü", 1000)}, session},
		{"jwt-days-30", config.Unified, target.ClientToken{Kind: target.JWTToken, SessionID: session, Lifetime: month}, session},
		{"jwt-days-31", config.Unified, target.ClientToken{Kind: target.JWTToken, SessionID: session, Lifetime: month + 24*time.Hour}, session},
		{"t1-days-30", config.Legacy, target.ClientToken{Kind: target.T1Token, SessionID: session, Lifetime: month}, session},
		{"t1-days-31", config.Legacy, target.ClientToken{Kind: target.T1Token, SessionID: session, Lifetime: month + 24*time.Hour}, session},
	} {
		if !f.Target.File.Has(t.need) {
			continue
		}
		app := f.As.App
		token, err := app.Mint(t.token, time.Now())
		if err != nil {
			return err
		}
		if err := enter(ctx, f, t.label, t.in, token); err != nil {
			return err
		}
	}
	return unsignedTokens(ctx, f, session)
}

// unsignedTokens tries tokens that the application did not sign.
func unsignedTokens(ctx context.Context, f *scenario.Flow, session string) error {
	for _, t := range []struct {
		need config.Capability
		kind target.TokenKind
	}{{config.Unified, target.JWTToken}, {config.Legacy, target.T1Token}, {config.Legacy, target.LegacyJWTToken}} {
		if !f.Target.File.Has(t.need) {
			continue
		}
		app := f.As.App
		app.APISecret = "not the secret of this project at all"
		token, err := app.Mint(target.ClientToken{Kind: t.kind, SessionID: session}, time.Now())
		if err != nil {
			return err
		}
		if t.kind == target.JWTToken { // the key is the application's own
			token = token[:len(token)-8] + "AAAAAAAA"
		}
		if err := enter(ctx, f, string(t.kind)+"-wrong-signature", session, token); err != nil {
			return err
		}
	}
	return nil
}

// enter connects and leaves at once. A refusal is evidence too. The client is named like the label.
func enter(ctx context.Context, f *scenario.Flow, label, session, token string) error {
	k, err := f.Publisher.Connect(ctx, publisher.Entry{Client: f.As.Client, Label: "client." + label, Name: label, Session: session, Token: token})
	var refused *target.RefusedError
	if errors.As(err, &refused) {
		return nil
	}
	if err == nil {
		k.Leave()
	}
	return err
}

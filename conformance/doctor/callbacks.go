package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/text"
)

// heard is a callback with what it says.
type heard struct {
	evidence.Webhook
	about
}

type about struct {
	ID, Status       string // of an archive
	SessionID, Event string // of a session
}

// callbacks returns all callbacks so far. One that is not JSON says nothing.
func (e *examination) callbacks() (out []heard) {
	for _, r := range e.journal.View().Webhooks().Records {
		h := heard{Webhook: *r.Webhook}
		_ = json.Unmarshal([]byte(r.Webhook.Body.Text), &h.about)
		out = append(out, h)
	}
	return out
}

func (e *examination) aboutArchive(h heard) bool { return h.ID == e.made && h.Status != "" }

func (e *examination) aboutSession(h heard) bool {
	return h.SessionID == e.id && h.Event != "" && h.Event != "archive"
}

// await waits for a callback of a kind, and returns those that have come. Its error says what came instead.
func (e *examination) await(ctx context.Context, kind, setting string, is func(heard) bool) ([]heard, error) {
	if s := e.File.Sinks.Webhook; !e.File.Has(config.Control) && s.URL == "" && strings.HasSuffix(s.Listen, ":0") {
		return nil, fmt.Errorf("sinks.webhook.listen: %s is another port in every run; choose one, so that you can set it in the console of the target", s.Listen)
	}
	wake, release := e.journal.Watch()
	defer release()
	t := time.NewTimer(e.Arrival)
	defer t.Stop()
	for {
		all := e.callbacks()
		if found := slices.DeleteFunc(slices.Clone(all), func(h heard) bool { return !is(h) }); len(found) > 0 {
			return found, nil
		}
		select {
		case <-wake:
		case <-t.C:
			others := "No request came at all."
			if n := len(all); n > 0 {
				last := all[n-1]
				others = fmt.Sprintf("%d other requests came, the last one %s %s: %s", n, last.Method, last.Path, last.Body.Text)
			}
			return nil, fmt.Errorf("nothing about the %s came to %s within %v; is that the %s in the console of the target, and can the target reach it? %s",
				kind, e.hooks.URL, e.Arrival, setting, others)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// callback waits for a callback about the archive.
func (e *examination) callback(ctx context.Context) (string, error) {
	if !e.File.Has(config.Callback) {
		return "", absent("the target file does not declare callback")
	}
	found, err := e.await(ctx, "archive", "callback URL", e.aboutArchive)
	var statuses []string
	for _, h := range found {
		statuses = append(statuses, h.Status)
	}
	return fmt.Sprintf("%s, at %s", strings.Join(statuses, ", "), e.hooks.URL), err
}

// sessionCallback waits for a callback about what happens in the session.
func (e *examination) sessionCallback(ctx context.Context) (string, error) {
	if !e.File.Has(config.Monitoring) {
		return "", absent("the target file does not declare monitoring")
	}
	found, err := e.await(ctx, "session", "session callback URL", e.aboutSession)
	var events []string
	for _, h := range found {
		events = append(events, h.Event)
	}
	return strings.Join(events, ", "), err
}

// signature demands that the callbacks about the archive are signed with the secret of the application that the control API made.
func (e *examination) signature(context.Context) (string, error) {
	switch {
	case !e.File.Has(config.Signing):
		return "", absent("the target file does not declare signing")
	case !e.File.Has(config.Callback, config.Control):
		return "", absent("only with the control API, and callbacks, does the suite know the secret")
	case e.lacks("callback"):
		return "", fmt.Errorf("%w: needs: callback", errUntried)
	}
	n := 0
	for _, h := range e.callbacks() {
		if !e.aboutArchive(h) {
			continue
		}
		token, bearer := strings.CutPrefix(h.Header.Get("Authorization"), "Bearer ")
		if !bearer {
			return "", errors.New("a callback has no bearer token")
		}
		claims := jwt.MapClaims{}
		if _, err := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation()).
			ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte(secret), nil }); err != nil {
			return "", fmt.Errorf("a callback is not signed with the signature secret of the application: %w", err)
		}
		if hash, _ := claims["payload_hash"].(string); !strings.EqualFold(hash, h.Body.SHA256) {
			return "", fmt.Errorf("the payload_hash of a callback is %q, and the SHA-256 of its body %s", hash, h.Body.SHA256)
		}
		n++
	}
	return text.Number(n, "callback is", "callbacks are") + " signed with the secret of the application", nil
}

// untried returns the capabilities that f declares and no step is for.
func untried(f config.File) (left []string) {
	codec, _ := filmFor(f)
	tried := []config.Capability{config.Unified, config.Legacy, config.Control, config.Events, config.Callback, config.Monitoring, codec, stored(f)}
	if f.Has(config.Callback, config.Control) {
		tried = append(tried, config.Signing)
	}
	for _, c := range f.Capabilities {
		if !slices.Contains(tried, c) {
			left = append(left, string(c))
		}
	}
	return left
}

// stored returns the capability by which the file is read.
func stored(f config.File) config.Capability {
	for _, c := range []config.Capability{config.S3, config.Azure} {
		if f.Has(c) {
			return c
		}
	}
	return config.Cloud
}

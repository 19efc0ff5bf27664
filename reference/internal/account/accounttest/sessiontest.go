// Package accounttest makes applications and tokens for tests, in the forms that the public SDKs send.
package accounttest

import (
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1" // T1 tokens are HMAC-SHA1 by definition
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
)

// App is an application together with its private key.
type App struct {
	account.Application
	PrivateKeyPEM string
	Key           *rsa.PrivateKey
}

// NewApp creates an application. Within a test binary, applications with the same name share their keys, because making keys takes long.
func NewApp(tb testing.TB, name string, now time.Time) App {
	tb.Helper()
	once, _ := made.LoadOrStore(name, sync.OnceValues(func() (App, error) {
		a, pem, err := account.NewApplication(name, now)
		if err != nil {
			return App{}, err
		}
		key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(pem))
		return App{Application: a, PrivateKeyPEM: pem, Key: key}, err
	}))
	app, err := once.(func() (App, error))()
	if err != nil {
		tb.Fatal(err)
	}
	app.ID, app.CreatedAt = uuid.NewString(), now
	return app
}

var made sync.Map // func() (App, error) by name

// ErrUnknown is the error of [Applications] for an application that does not exist.
var ErrUnknown = errors.New("unknown application")

// Applications is an [account.Applications] in memory. It is safe for concurrent use.
type Applications struct {
	mu   sync.Mutex
	byID map[string]account.Application
}

var _ account.Applications = (*Applications)(nil)

// Add adds applications.
func (s *Applications) Add(apps ...account.Application) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[string]account.Application{}
	}
	for _, a := range apps {
		s.byID[a.ID] = a
	}
}

// Remove removes an application. It reports whether it existed.
func (s *Applications) Remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.byID[id]
	delete(s.byID, id)
	return ok
}

// Application implements [account.Applications].
func (s *Applications) Application(_ context.Context, id string) (account.Application, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.byID[id]; ok {
		return a, nil
	}
	return account.Application{}, fmt.Errorf("application: %w", ErrUnknown)
}

// ApplicationByKey implements [account.Applications].
func (s *Applications) ApplicationByKey(_ context.Context, key int64) (account.Application, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.byID {
		if a.APIKey == key {
			return a, nil
		}
	}
	return account.Application{}, fmt.Errorf("application: %w", ErrUnknown)
}

// Claims override the usual claims of a token. A nil value removes a claim.
type Claims map[string]any

func sign(tb testing.TB, method jwt.SigningMethod, key any, usual, override Claims) string {
	tb.Helper()
	all := jwt.MapClaims{}
	maps.Copy(all, usual)
	maps.Copy(all, override)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	token, err := jwt.NewWithClaims(method, all).SignedString(key)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

// Bearer returns a REST token of the unified identity.
func (a App) Bearer(tb testing.TB, now time.Time, override Claims) string {
	tb.Helper()
	return sign(tb, jwt.SigningMethodRS256, a.Key, Claims{
		"application_id": a.ID, "iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(), "jti": uuid.NewString(),
	}, override)
}

// Project returns a REST token of the legacy identity.
func (a App) Project(tb testing.TB, now time.Time, override Claims) string {
	tb.Helper()
	return sign(tb, jwt.SigningMethodHS256, []byte(a.APISecret), Claims{
		"iss": a.Application.Key(), "ist": "project", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}, override)
}

// Client returns a client token of the unified identity, as @vonage/video makes it.
func (a App) Client(tb testing.TB, now time.Time, sessionID string, override Claims) string {
	tb.Helper()
	return sign(tb, jwt.SigningMethodRS256, a.Key, Claims{
		"application_id": a.ID, "scope": "session.connect", "session_id": sessionID, "role": "publisher", "sub": "video",
		"initial_layout_class_list": "", "iat": now.Unix(), "exp": now.Add(24 * time.Hour).Unix(), "jti": uuid.NewString(),
		"acl": map[string]any{"paths": map[string]any{"/session/**": map[string]any{}}},
	}, override)
}

// LegacyClient returns a client token of the legacy identity, as opentok-node makes it: an HS256 JWT.
func (a App) LegacyClient(tb testing.TB, now time.Time, sessionID string, override Claims) string {
	tb.Helper()
	return sign(tb, jwt.SigningMethodHS256, []byte(a.APISecret), Claims{
		"iss": a.Application.Key(), "ist": "project", "iat": now.Unix(), "exp": now.Add(24 * time.Hour).Unix(),
		"session_id": sessionID, "create_time": now.Unix(), "nonce": 0.5, "role": "publisher",
		"expire_time": now.Add(24 * time.Hour).Unix(), "initial_layout_class_list": "", "scope": "session.connect",
	}, override)
}

// T1 returns a client token of the legacy identity in the old form. override replaces fields; "" removes one.
func (a App) T1(now time.Time, sessionID string, override map[string]string) string {
	fields := url.Values{
		"session_id": {sessionID}, "create_time": {fmt.Sprint(now.Unix())}, "nonce": {"0.25"}, "role": {"publisher"},
		"expire_time": {fmt.Sprint(now.Add(time.Hour).Unix())}, "scope": {"session.connect"}, "initial_layout_class_list": {""},
	}
	for k, v := range override {
		if fields.Set(k, v); v == "" {
			fields.Del(k)
		}
	}
	data := fields.Encode()
	mac := hmac.New(sha1.New, []byte(a.APISecret))
	mac.Write([]byte(data))
	plain := fmt.Sprintf("partner_id=%d&sig=%s:%s", a.APIKey, hex.EncodeToString(mac.Sum(nil)), data)
	return "T1==" + base64.StdEncoding.EncodeToString([]byte(plain))
}

package account

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelcheck/reference/internal/archive"
)

// Applications finds applications.
type Applications interface {
	Application(ctx context.Context, id string) (Application, error)
	ApplicationByKey(ctx context.Context, key int64) (Application, error)
}

// Verifier verifies tokens against the keys of their application, in real time.
type Verifier struct {
	Applications Applications
	// Unknown is the error, possibly wrapped, that Applications returns for an application that does not exist.
	Unknown error
	Now     func() time.Time
}

// Identity is an application under one of its two identities.
type Identity struct {
	Application Application
	Legacy      bool
}

// Owner returns the identity's name in paths and session ids: the API key of a legacy identity, otherwise the application id.
func (i Identity) Owner() string {
	if i.Legacy {
		return i.Application.Key()
	}
	return i.Application.ID
}

const (
	codeNoAuth       = -1
	codeUnauthorized = 10002
	codeExpired      = 10012
)

// Reasons to refuse a token. The service answers 403 to all of them, never 401.
var (
	ErrNoToken      = refusal(codeNoAuth, "No suitable authentication found")
	ErrNoIssuer     = refusal(codeNoAuth, "Issuer not found")
	ErrUnauthorized = refusal(codeUnauthorized, "Unauthorized token")
	ErrForeign      = refusal(codeUnauthorized, "Id in the token does not match the id provided in the url")
	ErrExpired      = refusal(codeExpired, "Expired token")
	ErrEarly        = refusal(codeUnauthorized, "Token is not valid yet: iat or nbf is in the future")
	ErrTooLong      = refusal(codeUnauthorized, "Token lives too long: exp is at most 24 hours after iat, with an API key 5 minutes, in a client token 30 days")
	ErrClaims       = refusal(codeUnauthorized, "Token lacks a claim, or has a wrong one")
	ErrSession      = refusal(codeUnauthorized, "Token is for another session")
)

func refusal(code int, message string) *archive.Error {
	return &archive.Error{Kind: archive.Forbidden, Code: code, Message: message}
}

const (
	maxTokenLength = 8 << 10
	maxBearerLife  = 24 * time.Hour      // ARC-AUTH-06
	maxProjectLife = 5 * time.Minute     // ARC-AUTH-12
	maxClientLife  = 30 * 24 * time.Hour // ARC-AUTH-19
	clockSkew      = time.Minute         // tolerated in iat and nbf, not in exp

	scopeConnect = "session.connect"
)

// REST verifies the credentials of a REST call: the Authorization header with an RS256 bearer, or X-OPENTOK-AUTH with an HS256 token.
func (v Verifier) REST(ctx context.Context, authorization, opentokAuth string) (Identity, error) {
	if opentokAuth != "" {
		return v.project(ctx, opentokAuth)
	}
	token, ok := Bearer(authorization)
	if !ok {
		return Identity{}, ErrNoToken // ARC-AUTH-02
	}
	c, app, err := v.unified(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	if err := c.checkREST(v.Now(), maxBearerLife); err != nil {
		return Identity{}, err
	}
	return Identity{Application: app}, nil
}

func (v Verifier) project(ctx context.Context, token string) (Identity, error) {
	c, app, err := v.legacy(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	if err := c.checkREST(v.Now(), maxProjectLife); err != nil {
		return Identity{}, err
	}
	return Identity{Application: app, Legacy: true}, nil
}

// Bearer returns the token of an Authorization header.
func Bearer(authorization string) (string, bool) {
	scheme, token, ok := strings.Cut(authorization, " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// claims has the claims of all kinds of tokens.
type claims struct {
	jwt.RegisteredClaims
	ApplicationID string `json:"application_id"`
	IssuerType    string `json:"ist"`

	Scope          string `json:"scope"`
	SessionID      string `json:"session_id"`
	Role           string `json:"role"`
	ConnectionData string `json:"connection_data"`
	LayoutClasses  string `json:"initial_layout_class_list"`
}

// checkREST checks the claims of a REST token. It refuses client tokens, because browsers have those (ARC-AUTH-20).
func (c claims) checkREST(now time.Time, maxLife time.Duration) error {
	if c.Scope != "" || c.SessionID != "" {
		return ErrClaims
	}
	return c.checkTimes(now, maxLife)
}

func (c claims) checkTimes(now time.Time, maxLife time.Duration) error {
	switch {
	case c.ExpiresAt == nil || c.IssuedAt == nil:
		return ErrClaims
	case !now.Before(c.ExpiresAt.Time): // ARC-AUTH-04, ARC-AUTH-11
		return ErrExpired
	case c.IssuedAt.After(now.Add(clockSkew)), c.NotBefore != nil && c.NotBefore.After(now.Add(clockSkew)):
		return ErrEarly
	case c.ExpiresAt.Sub(c.IssuedAt.Time) > maxLife: // ARC-AUTH-06, ARC-AUTH-12, ARC-AUTH-19
		return ErrTooLong
	}
	return nil
}

// unified verifies the signature of an RS256 token. The caller checks the claims.
func (v Verifier) unified(ctx context.Context, token string) (claims, Application, error) {
	var app Application
	c, err := parse(token, jwt.SigningMethodRS256, func(c claims) (any, error) { // ARC-AUTH-01, ARC-AUTH-03
		var err error
		if app, err = v.byID(ctx, c.ApplicationID); err != nil {
			return nil, err
		}
		return publicKey(app)
	})
	return c, app, err
}

// legacy verifies the signature and the issuer of an HS256 token.
func (v Verifier) legacy(ctx context.Context, token string) (claims, Application, error) {
	var app Application
	c, err := parse(token, jwt.SigningMethodHS256, func(c claims) (any, error) { // ARC-AUTH-09, ARC-AUTH-10
		if c.IssuerType != "project" {
			return nil, ErrClaims
		}
		var err error
		app, err = v.byKey(ctx, c.Issuer)
		return []byte(app.APISecret), err
	})
	return c, app, err
}

func parse(token string, method jwt.SigningMethod, key func(claims) (any, error)) (claims, error) {
	var c claims
	if len(token) > maxTokenLength {
		return c, ErrUnauthorized
	}
	p := jwt.NewParser(jwt.WithValidMethods([]string{method.Alg()}), jwt.WithoutClaimsValidation()) // ARC-AUTH-07, ARC-AUTH-08
	_, err := p.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return key(c) })
	if err == nil {
		return c, nil
	}
	if own := (*archive.Error)(nil); errors.As(err, &own) {
		return c, own
	}
	if failed := (*lookupError)(nil); errors.As(err, &failed) {
		return c, failed
	}
	return c, ErrUnauthorized
}

// lookupError is a failure of the server, not of the token.
type lookupError struct{ err error }

func (e *lookupError) Error() string { return fmt.Sprintf("look up application: %v", e.err) }
func (e *lookupError) Unwrap() error { return e.err }

func (v Verifier) byID(ctx context.Context, id string) (Application, error) {
	if id == "" {
		return Application{}, ErrClaims
	}
	app, err := v.Applications.Application(ctx, id)
	return app, v.asIssuer(err)
}

func (v Verifier) byKey(ctx context.Context, key string) (Application, error) {
	n, err := ParseKey(key)
	if err != nil {
		return Application{}, ErrNoIssuer
	}
	app, err := v.Applications.ApplicationByKey(ctx, n)
	return app, v.asIssuer(err)
}

func (v Verifier) asIssuer(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, v.Unknown):
		return ErrNoIssuer
	}
	return &lookupError{err}
}

func publicKey(app Application) (*rsa.PublicKey, error) {
	key, err := jwt.ParseRSAPublicKeyFromPEM([]byte(app.PublicKeyPEM))
	if err != nil {
		return nil, &lookupError{fmt.Errorf("public key of application %s: %w", app.ID, err)}
	}
	return key, nil
}

// Package target is the suite's view of the implementation under test: credentials, and clients that record every
// exchange as evidence. The packages below hold the target file (config) and the target's process (launch).
package target

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"reelcheck/conformance/bounded"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
)

// App is one application with both its identities.
type App struct {
	ID         string
	PrivateKey *rsa.PrivateKey
	APIKey     string
	APISecret  string
}

// Path returns the name of the application in a URL for the given identity.
func (a App) Path(as evidence.Identity) string {
	if as == evidence.AsLegacy || a.ID == "" {
		return a.APIKey
	}
	return a.ID
}

// Name returns the application id or, in a target that knows only API keys, the API key.
func (a App) Name() string { return a.Path(evidence.AsUnified) }

// keyLimit is the largest file of credentials in bytes.
const keyLimit = 256 << 10

// NewApp makes an App from credentials and parses its key.
func NewApp(c config.Credentials) (App, error) {
	if c.File != "" {
		b, err := bounded.File(c.File, keyLimit)
		if err != nil {
			return App{}, fmt.Errorf("credentials of an application: %w", err)
		}
		a, err := decodeApp(b)
		if err != nil {
			return a, fmt.Errorf("credentials of an application in %q: %w", c.File, err)
		}
		return a, nil
	}
	a := App{ID: c.ApplicationID, APIKey: string(c.APIKey), APISecret: c.APISecret}
	if c.PrivateKeyFile == "" {
		return a, nil
	}
	b, err := bounded.File(c.PrivateKeyFile, keyLimit)
	if err != nil {
		return a, fmt.Errorf("private key of application %s: %w", a.ID, err)
	}
	a.PrivateKey, err = parsePrivateKey(b)
	if err != nil {
		return a, fmt.Errorf("private key of application %s in %q: %w", a.ID, c.PrivateKeyFile, err)
	}
	return a, nil
}

// decodeApp reads what the control API answers when it makes an application, and what a file of credentials holds.
func decodeApp(b []byte) (a App, err error) {
	var got struct {
		ApplicationID string     `json:"applicationId"`
		PrivateKey    string     `json:"privateKey"`
		APIKey        config.Key `json:"apiKey"`
		APISecret     string     `json:"apiSecret"`
	}
	if err := json.Unmarshal(b, &got); err != nil {
		return a, fmt.Errorf("want applicationId, privateKey, apiKey and apiSecret in JSON: %w", err)
	}
	a = App{ID: got.ApplicationID, APIKey: string(got.APIKey), APISecret: got.APISecret}
	if got.PrivateKey == "" {
		return a, nil
	}
	if a.PrivateKey, err = parsePrivateKey([]byte(got.PrivateKey)); err != nil {
		return a, fmt.Errorf("privateKey: %w", err)
	}
	return a, nil
}

func parsePrivateKey(b []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("not PEM")
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	rk, ok := k.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a %T, want RSA", k)
	}
	return rk, nil
}

// Flawed tokens are only a little beyond each limit. So a target that uses another limit is found out.
const (
	// ExpiredFor is how long ago an expired token expired. The ledger allows a leeway of 60 s.
	ExpiredFor  = 75 * time.Second
	bearerLife  = 24*time.Hour + 30*time.Minute
	projectLife = 7 * time.Minute
	leftOver    = 2 * time.Minute // of the life of a token that was issued early
)

// Bearer returns a REST token of the unified identity.
func (a App) Bearer(now time.Time, flaw evidence.Flaw) (string, error) {
	if a.PrivateKey == nil {
		return "", fmt.Errorf("application %s has no private key", a.ID)
	}
	claims := jwt.MapClaims{
		"application_id": a.ID,
		"jti":            uuid.NewString(),
		"iat":            now.Unix(),
		"exp":            now.Add(15 * time.Minute).Unix(),
	}
	switch flaw {
	case evidence.ExpiredToken:
		claims["iat"], claims["exp"] = now.Add(-15*time.Minute).Unix(), now.Add(-ExpiredFor).Unix()
	case evidence.TooLongLived:
		claims["exp"] = now.Add(bearerLife).Unix()
	case evidence.IssuedEarly:
		claims["iat"], claims["exp"] = now.Add(leftOver-bearerLife).Unix(), now.Add(leftOver).Unix()
	case evidence.NotYetValid:
		claims["iat"], claims["nbf"], claims["exp"] = now.Add(time.Hour).Unix(), now.Add(time.Hour).Unix(), now.Add(75*time.Minute).Unix()
	case evidence.NoExpiry:
		delete(claims, "exp")
	case evidence.UnknownIssuer:
		claims["application_id"] = uuid.NewString()
	default:
	}
	return a.signRS256(claims, flaw)
}

// strangerKey is a key of no application. It is made once because that takes a while.
var strangerKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func (a App) signRS256(claims jwt.MapClaims, flaw evidence.Flaw) (string, error) {
	switch flaw {
	case evidence.GarbageToken:
		return "not.a.token", nil
	case evidence.Unsigned:
		return jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
	case evidence.WrongAlgorithm:
		public, err := x509.MarshalPKIXPublicKey(a.PrivateKey.Public())
		if err != nil {
			return "", err
		}
		key := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
		return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
	default:
	}
	var key crypto.Signer = a.PrivateKey
	if flaw == evidence.WrongSignature {
		other, err := strangerKey()
		if err != nil {
			return "", err
		}
		key = other
	}
	return jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
}

// LegacyAuth returns an X-OPENTOK-AUTH token. A good one lives for as long as it may, like those of opentok-node.
func (a App) LegacyAuth(now time.Time, flaw evidence.Flaw) (string, error) {
	claims := jwt.MapClaims{
		"iss": a.APIKey,
		"ist": "project",
		"jti": uuid.NewString(),
		"iat": now.Unix(),
		"exp": now.Add(5 * time.Minute).Unix(),
	}
	secret := []byte(a.APISecret)
	switch flaw {
	case evidence.ExpiredToken:
		claims["iat"], claims["exp"] = now.Add(-4*time.Minute).Unix(), now.Add(-ExpiredFor).Unix()
	case evidence.TooLongLived:
		claims["exp"] = now.Add(projectLife).Unix()
	case evidence.IssuedEarly:
		claims["iat"], claims["exp"] = now.Add(leftOver-projectLife).Unix(), now.Add(leftOver).Unix()
	case evidence.NotYetValid:
		claims["iat"], claims["nbf"], claims["exp"] = now.Add(time.Hour).Unix(), now.Add(time.Hour).Unix(), now.Add(63*time.Minute).Unix()
	case evidence.NoExpiry:
		delete(claims, "exp")
	case evidence.WrongSignature:
		secret = []byte("not the secret of this project at all")
	case evidence.UnknownIssuer:
		claims["iss"] = "99999999"
	case evidence.WrongType:
		claims["ist"] = "account"
	case evidence.GarbageToken:
		return "not.a.token", nil
	case evidence.Unsigned:
		return jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
	default:
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
}

// TokenKind is a format of client tokens.
type TokenKind string

const (
	JWTToken       TokenKind = "jwt"        // unified, RS256
	T1Token        TokenKind = "t1"         // legacy T1==
	LegacyJWTToken TokenKind = "legacy-jwt" // legacy, HS256
)

// ClientToken describes a client and its permissions.
type ClientToken struct {
	Kind      TokenKind
	SessionID string
	Role      string // default: publisher
	Data      string // connection data
	Classes   []string
	Lifetime  time.Duration // default one hour; negative: since when it has expired
	Timeless  bool          // a T1 token without expire_time
}

// Mint returns the signed token.
func (a App) Mint(t ClientToken, now time.Time) (string, error) {
	if t.Role == "" {
		t.Role = "publisher"
	}
	switch {
	case t.Lifetime == 0:
		t.Lifetime = time.Hour
	case t.Lifetime < 0: // it expired so long ago
		now, t.Lifetime = now.Add(t.Lifetime-time.Hour), time.Hour
	}
	classes := strings.Join(t.Classes, " ")
	switch t.Kind {
	case T1Token:
		return a.mintT1(t, classes, now), nil
	case LegacyJWTToken:
		claims := jwt.MapClaims{
			"iss": a.APIKey, "ist": "project", "iat": now.Unix(), "exp": now.Add(t.Lifetime).Unix(),
			"session_id": t.SessionID, "create_time": now.Unix(), "nonce": 0.5, "role": t.Role,
			"expire_time": now.Add(t.Lifetime).Unix(), "initial_layout_class_list": classes, "scope": "session.connect",
		}
		if t.Data != "" {
			claims["connection_data"] = t.Data
		}
		return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(a.APISecret))
	default:
		if a.PrivateKey == nil {
			return "", fmt.Errorf("application %s has no private key", a.ID)
		}
		claims := jwt.MapClaims{
			"scope": "session.connect", "session_id": t.SessionID, "role": t.Role,
			"initial_layout_class_list": classes, "exp": now.Add(t.Lifetime).Unix(), "sub": "video",
			"acl": map[string]any{"paths": map[string]any{"/session/**": map[string]any{}}},
			"jti": uuid.NewString(), "iat": now.Unix(), "application_id": a.ID,
		}
		if t.Data != "" {
			claims["connection_data"] = t.Data
		}
		return a.signRS256(claims, evidence.NoFlaw)
	}
}

func (a App) mintT1(t ClientToken, classes string, now time.Time) string {
	data := fmt.Sprintf("session_id=%s&create_time=%d&nonce=0.5&role=%s", t.SessionID, now.Unix(), t.Role)
	if !t.Timeless {
		data += fmt.Sprintf("&expire_time=%d", now.Add(t.Lifetime).Unix())
	}
	if t.Data != "" {
		data += "&connection_data=" + url.QueryEscape(t.Data)
	}
	data += "&initial_layout_class_list=" + strings.ReplaceAll(url.QueryEscape(classes), "+", "%20") + "&scope=session.connect"
	mac := hmac.New(sha1.New, []byte(a.APISecret))
	mac.Write([]byte(data))
	return "T1==" + base64.StdEncoding.EncodeToString(
		[]byte("partner_id="+a.APIKey+"&sig="+hex.EncodeToString(mac.Sum(nil))+":"+data))
}

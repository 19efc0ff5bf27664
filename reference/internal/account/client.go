package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // T1 tokens are HMAC-SHA1 by definition
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// Roles of a client, as in tokens.
const (
	RolePublisher     = "publisher"
	RoleSubscriber    = "subscriber"
	RolePublisherOnly = "publisheronly"
	RoleModerator     = "moderator"
)

// Client is a client as its token describes it.
type Client struct {
	Application   Application
	SessionID     string
	Role          string
	Data          string // connection data
	LayoutClasses []string
	// Identity identifies the client by its token.
	Identity TokenIdentity
}

// MayPublish reports whether the role allows publishing.
func (c Client) MayPublish() bool { return c.Role != RoleSubscriber }

// TokenIdentity is the digest of a token. It serves to recognise the token, even an expired one, without storing it.
type TokenIdentity [sha256.Size]byte

// Identify returns the identity of a token. It does not verify the token.
func Identify(token string) TokenIdentity { return sha256.Sum256([]byte(token)) }

// Limits of client tokens, in characters. SDKs allow slightly more connection data in legacy tokens.
const (
	maxConnectionData       = 1000 // ARC-AUTH-18
	maxLegacyConnectionData = 1024
	MaxLayoutClassList      = 1023 // also of WHIP offers
)

// Client verifies a client token, unified or legacy, for this session.
func (v Verifier) Client(ctx context.Context, token, sessionID string) (Client, error) {
	var (
		c       claims
		app     Application
		err     error
		maxData = maxLegacyConnectionData
	)
	switch {
	case strings.HasPrefix(token, t1Prefix):
		c, app, err = v.t1(ctx, token) // ARC-AUTH-17
	case algorithm(token) == "HS256":
		c, app, err = v.legacy(ctx, token)
	default:
		c, app, err = v.unified(ctx, token)
		maxData = maxConnectionData
	}
	if err != nil {
		return Client{}, err
	}
	if err := c.checkClient(v.Now(), sessionID, maxData); err != nil {
		return Client{}, err
	}
	return Client{
		Application:   app,
		SessionID:     c.SessionID,
		Role:          c.Role,
		Data:          c.ConnectionData,
		LayoutClasses: strings.Fields(c.LayoutClasses),
		Identity:      Identify(token),
	}, nil
}

func (c *claims) checkClient(now time.Time, sessionID string, maxData int) error {
	if c.Role == "" {
		c.Role = RolePublisher
	}
	switch {
	case c.Scope != scopeConnect,
		!slices.Contains([]string{RolePublisher, RoleSubscriber, RolePublisherOnly, RoleModerator}, c.Role),
		utf8.RuneCountInString(c.ConnectionData) > maxData,
		utf8.RuneCountInString(c.LayoutClasses) > MaxLayoutClassList:
		return ErrClaims
	case c.SessionID != sessionID: // ARC-AUTH-16
		return ErrSession
	}
	return c.checkTimes(now, maxClientLife) // ARC-AUTH-16, ARC-AUTH-19
}

// algorithm returns alg of a JWT header, "" if there is none. The result only selects a check, which accepts only its own algorithm.
func algorithm(token string) string {
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return ""
	}
	var h struct{ Alg string }
	if err := json.Unmarshal(raw, &h); err != nil {
		return ""
	}
	return h.Alg
}

const (
	t1Prefix  = "T1=="
	t1Default = 24 * time.Hour // life of a token without expire_time
)

// t1 verifies a legacy token: T1== and the base64 of partner_id=KEY&sig=HEX:DATA, where sig is the HMAC-SHA1 of DATA.
func (v Verifier) t1(ctx context.Context, token string) (claims, Application, error) {
	if len(token) > maxTokenLength {
		return claims{}, Application{}, ErrUnauthorized
	}
	plain, err := base64.StdEncoding.DecodeString(token[len(t1Prefix):])
	if err != nil {
		return claims{}, Application{}, ErrUnauthorized
	}
	head, data, ok := strings.Cut(string(plain), ":")
	if !ok {
		return claims{}, Application{}, ErrUnauthorized
	}
	credentials, err := url.ParseQuery(head)
	if err != nil {
		return claims{}, Application{}, ErrUnauthorized
	}
	app, err := v.byKey(ctx, credentials.Get("partner_id"))
	if err != nil {
		return claims{}, Application{}, err
	}
	signature, err := hex.DecodeString(credentials.Get("sig"))
	mac := hmac.New(sha1.New, []byte(app.APISecret))
	mac.Write([]byte(data))
	if err != nil || !hmac.Equal(signature, mac.Sum(nil)) {
		return claims{}, Application{}, ErrUnauthorized
	}
	c, err := t1Claims(data)
	return c, app, err
}

func t1Claims(data string) (claims, error) {
	fields, err := url.ParseQuery(data)
	if err != nil {
		return claims{}, ErrClaims
	}
	created, err := strconv.ParseInt(fields.Get("create_time"), 10, 64)
	if err != nil {
		return claims{}, ErrClaims
	}
	c := claims{
		Scope:          fields.Get("scope"),
		SessionID:      fields.Get("session_id"),
		Role:           fields.Get("role"),
		ConnectionData: fields.Get("connection_data"),
		LayoutClasses:  fields.Get("initial_layout_class_list"),
	}
	if c.Scope == "" {
		c.Scope = scopeConnect
	}
	c.IssuedAt = jwt.NewNumericDate(time.Unix(created, 0))
	c.ExpiresAt = jwt.NewNumericDate(c.IssuedAt.Add(t1Default))
	if expire := fields.Get("expire_time"); expire != "" {
		seconds, err := strconv.ParseInt(expire, 10, 64)
		if err != nil {
			return claims{}, ErrClaims
		}
		c.ExpiresAt = jwt.NewNumericDate(time.Unix(seconds, 0))
	}
	return c, nil
}

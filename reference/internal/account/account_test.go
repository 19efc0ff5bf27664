package account_test

import (
	"context"
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/account/accounttest"
)

var now = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

func TestSessionIDRoundTrip(t *testing.T) {
	for _, owner := range []string{"472032", "29f760f8-7ce1-46c9-ade3-f2dedee4ed5f"} {
		for _, location := range []string{"", "10.1.200.30"} {
			want := account.ID{Owner: owner, Location: location, CreatedAt: now}
			s := want.New()
			got, err := account.ParseID(s)
			if err != nil {
				t.Fatalf("ParseID(%q): %v", s, err)
			}
			if got.Owner != want.Owner || got.Location != want.Location || !got.CreatedAt.Equal(want.CreatedAt) {
				t.Errorf("ParseID(%q) = %+v, want %+v", s, got, want)
			}
			if strings.ContainsAny(s, "+/=~") || len(s) > 255 {
				t.Errorf("session id %q is not fit for a path", s)
			}
			if again := want.New(); again == s {
				t.Errorf("two ids are equal: %q", s)
			}
		}
	}
}

func TestParseSessionIDOfTheService(t *testing.T) {
	const old = "2_MX40NzIwMzJ-flR1ZSBPY3QgMjkgMTI6MTM6MjMgUERUIDIwMTN-MC45NDQ2MzE2NH4"
	id, err := account.ParseID(old)
	if err != nil {
		t.Fatal(err)
	}
	if id.Owner != "472032" {
		t.Errorf("owner = %q, want 472032", id.Owner)
	}
}

func TestParseSessionIDRefuses(t *testing.T) {
	encode := func(plain string) string { return "1_" + base64.RawURLEncoding.EncodeToString([]byte(plain)) }
	for _, s := range []string{
		"", "1_", "x", "3_MX4xMjN-fjE3fmF-", "1_MX4x+jN", encode("1~abc~~1~x~"), encode("1~-5~~1~x~"), encode("2~123~~1~x~"), encode("1~123~"),
		encode("1~007~~1~x~"), "1_" + strings.Repeat("A", 300), "unknown",
	} {
		if id, err := account.ParseID(s); !errors.Is(err, account.ErrBadID) {
			t.Errorf("ParseID(%q) = %+v, %v; want ErrBadID", s, id, err)
		}
	}
}

func TestIsUUID(t *testing.T) {
	const id = "29f760f8-7ce1-46c9-ade3-f2dedee4ed5f"
	for s, want := range map[string]bool{
		id: true, "": false, strings.ToUpper(id): false, "{" + id + "}": false, "urn:uuid:" + id: false, strings.ReplaceAll(id, "-", ""): false, id[1:] + "g": false,
	} {
		if account.IsUUID(s) != want {
			t.Errorf("IsUUID(%q) = %v", s, !want)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("2_MX40NzIwMzJ-flR1ZSBPY3QgMjkgMTI6MTM6MjMgUERUIDIwMTN-MC45NDQ2MzE2NH4")
	f.Add(account.ID{Owner: "123", CreatedAt: now}.New())
	f.Add("1_---")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := account.ParseID(s)
		if err != nil {
			return
		}
		again, err := account.ParseID(account.ID{Owner: id.Owner, CreatedAt: now}.New())
		if err != nil || again.Owner != id.Owner {
			t.Errorf("owner %q of %q does not survive: %+v, %v", id.Owner, s, again, err)
		}
	})
}

func TestNewApplication(t *testing.T) {
	a, key, err := account.NewApplication("n", now)
	if err != nil {
		t.Fatal(err)
	}
	if a.APIKey <= 0 || a.APIKey > math.MaxInt32 {
		t.Errorf("API key %d does not fit in the int of the Java SDK", a.APIKey)
	}
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	public, err := jwt.ParseRSAPublicKeyFromPEM([]byte(a.PublicKeyPEM))
	if err != nil || !private.PublicKey.Equal(public) {
		t.Errorf("public key does not belong to the private one: %v", err)
	}
	if !a.Fallback || a.PreferredVideoCodec != "VP8" || a.Storage != nil || len(a.APISecret) < 32 {
		t.Errorf("defaults %+v", a)
	}
}

type world struct {
	account.Verifier
	app, other accounttest.App
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{app: accounttest.NewApp(t, "app", now), other: accounttest.NewApp(t, "other", now)}
	apps := &accounttest.Applications{}
	apps.Add(w.app.Application, w.other.Application)
	w.Verifier = account.Verifier{Applications: apps, Unknown: accounttest.ErrUnknown, Now: func() time.Time { return now }}
	return w
}

func TestBearer(t *testing.T) {
	w := newWorld(t)
	type c = accounttest.Claims
	unix := func(d time.Duration) int64 { return now.Add(d).Unix() }
	bearer := func(o c) string { return "Bearer " + w.app.Bearer(t, now, o) }
	confused, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"application_id": w.app.ID, "iat": unix(0), "exp": unix(time.Minute)}).
		SignedString([]byte(w.app.PublicKeyPEM))
	if err != nil {
		t.Fatal(err)
	}
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"application_id": w.app.ID, "iat": unix(0), "exp": unix(time.Minute)}).
		SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	forged := accounttest.App{Application: w.app.Application, Key: w.other.Key}

	w.identifies(t, []attempt{
		{"bearer", bearer(nil), "", nil},
		{"bearer without jti", bearer(c{"jti": nil}), "", nil},
		{"bearer of one day", bearer(c{"exp": unix(24 * time.Hour)}), "", nil},
		{"bearer with skewed clock", bearer(c{"iat": unix(50 * time.Second)}), "", nil},
		{"scheme in lower case", "bearer " + w.app.Bearer(t, now, nil), "", nil},
		{"with issuer, as opentok-node", bearer(c{"iss": w.app.ID, "ist": "project"}), "", nil},
		{"none", "", "", account.ErrNoToken},
		{"basic", "Basic Zm9vOmJhcg==", "", account.ErrNoToken},
		{"no token", "Bearer ", "", account.ErrNoToken},
		{"garbage", "Bearer abc", "", account.ErrUnauthorized},
		{"garbage in three parts", "Bearer a.b.c", "", account.ErrUnauthorized},
		{"too large", "Bearer " + strings.Repeat("a", 9000), "", account.ErrUnauthorized},
		{"of another key", "Bearer " + forged.Bearer(t, now, nil), "", account.ErrUnauthorized},
		{"public key as secret", "Bearer " + confused, "", account.ErrUnauthorized},
		{"unsigned", "Bearer " + unsigned, "", account.ErrUnauthorized},
		{"expired", bearer(c{"iat": unix(-time.Hour), "exp": unix(-time.Second)}), "", account.ErrExpired},
		{"expires now", bearer(c{"exp": unix(0)}), "", account.ErrExpired},
		{"too long", bearer(c{"exp": unix(24*time.Hour + time.Second)}), "", account.ErrTooLong},
		{"endless", bearer(c{"exp": nil}), "", account.ErrClaims},
		{"huge exp", bearer(c{"exp": 1e300}), "", anyRefusal},
		{"without iat", bearer(c{"iat": nil}), "", account.ErrClaims},
		{"iat in the future", bearer(c{"iat": unix(2 * time.Minute)}), "", account.ErrEarly},
		{"nbf in the future", bearer(c{"nbf": unix(2 * time.Minute)}), "", account.ErrEarly},
		{"text as exp", bearer(c{"exp": "soon"}), "", account.ErrUnauthorized},
		{"without application", bearer(c{"application_id": nil}), "", account.ErrClaims},
		{"number as application", bearer(c{"application_id": 5}), "", account.ErrUnauthorized},
		{"unknown application", bearer(c{"application_id": "b40ef09b-3811-4726-b508-e41a0f96c68f"}), "", account.ErrNoIssuer},
		{"client token", "Bearer " + w.app.Client(t, now, "1_x", nil), "", account.ErrClaims},
		{"project token as bearer", "Bearer " + w.app.Project(t, now, nil), "", account.ErrUnauthorized},
	})
}

func TestLegacyREST(t *testing.T) {
	w := newWorld(t)
	type c = accounttest.Claims
	unix := func(d time.Duration) int64 { return now.Add(d).Unix() }
	w.identifies(t, []attempt{
		{"legacy", "", w.app.Project(t, now, nil), nil},
		{"legacy of another secret", "", accounttest.App{Application: secret(w.app.Application, "x")}.Project(t, now, nil), account.ErrUnauthorized},
		{"legacy too long", "", w.app.Project(t, now, c{"exp": unix(301 * time.Second)}), account.ErrTooLong},
		{"legacy expired", "", w.app.Project(t, now, c{"iat": unix(-299 * time.Second), "exp": unix(-time.Second)}), account.ErrExpired},
		{"legacy account token", "", w.app.Project(t, now, c{"ist": "account"}), account.ErrClaims},
		{"legacy without ist", "", w.app.Project(t, now, c{"ist": nil}), account.ErrClaims},
		{"legacy unknown key", "", w.app.Project(t, now, c{"iss": "42"}), account.ErrNoIssuer},
		{"legacy text key", "", w.app.Project(t, now, c{"iss": "abc"}), account.ErrNoIssuer},
		{"legacy client token", "", w.app.LegacyClient(t, now, "2_x", c{"exp": unix(time.Minute)}), account.ErrClaims},
		{"bearer in legacy header", "", w.app.Bearer(t, now, nil), account.ErrUnauthorized},
		{"legacy garbage", "", "123:secret", account.ErrUnauthorized},
	})
}

// attempt is a request with these headers; "" means none. want is nil if the request must be identified as one of the app.
type attempt struct {
	name                  string
	authorization, legacy string
	want                  error
}

func (w world) identifies(t *testing.T, attempts []attempt) {
	t.Helper()
	for _, tc := range attempts {
		t.Run(tc.name, func(t *testing.T) {
			id, err := w.REST(context.Background(), tc.authorization, tc.legacy)
			check(t, err, tc.want)
			if err == nil && (id.Application.ID != w.app.ID || id.Legacy != (tc.legacy != "")) {
				t.Errorf("identity = %s legacy %t", id.Application.ID, id.Legacy)
			}
		})
	}
}

var anyRefusal = errors.New("any refusal")

func check(t *testing.T, got, want error) {
	t.Helper()
	switch {
	case errors.Is(want, anyRefusal) && got != nil:
	case !errors.Is(got, want):
		t.Errorf("error = %v, want %v", got, want)
	}
}

func secret(a account.Application, s string) account.Application {
	a.APISecret = s
	return a
}

func TestClient(t *testing.T) {
	w := newWorld(t)
	type c = accounttest.Claims
	type f = map[string]string
	id := account.ID{Owner: w.app.ID, CreatedAt: now}.New()
	unix := func(d time.Duration) int64 { return now.Add(d).Unix() }
	forged := accounttest.App{Application: secret(w.app.Application, "wrong"), Key: w.other.Key}
	foreign := accounttest.App{Application: w.other.Application, Key: w.other.Key}
	long := strings.Repeat("d", 1025)

	for _, tc := range []struct {
		name, token string
		want        error
	}{
		{"unified", w.app.Client(t, now, id, nil), nil},
		{"unified without role", w.app.Client(t, now, id, c{"role": nil}), nil},
		{"unified of 30 days", w.app.Client(t, now, id, c{"exp": unix(30 * 24 * time.Hour)}), nil},
		{"unified too long", w.app.Client(t, now, id, c{"exp": unix(30*24*time.Hour + time.Second)}), account.ErrTooLong},
		{"unified expired", w.app.Client(t, now, id, c{"iat": unix(-time.Hour), "exp": unix(-1 * time.Second)}), account.ErrExpired},
		{"unified forged", forged.Client(t, now, id, nil), account.ErrUnauthorized},
		{"unified of another session", w.app.Client(t, now, id+"x", nil), account.ErrSession},
		{"unified bad role", w.app.Client(t, now, id, c{"role": "admin"}), account.ErrClaims},
		{"unified without scope", w.app.Client(t, now, id, c{"scope": nil}), account.ErrClaims},
		{"unified long data", w.app.Client(t, now, id, c{"connection_data": long[:1001]}), account.ErrClaims},
		{"unified long classes", w.app.Client(t, now, id, c{"initial_layout_class_list": long[:1024]}), account.ErrClaims},
		{"REST token", w.app.Bearer(t, now, nil), account.ErrClaims},
		{"legacy JWT", w.app.LegacyClient(t, now, id, nil), nil},
		{"legacy JWT forged", forged.LegacyClient(t, now, id, nil), account.ErrUnauthorized},
		{"legacy REST token", w.app.Project(t, now, nil), account.ErrClaims},
		{"T1", w.app.T1(now, id, nil), nil},
		{"T1 without expiry", w.app.T1(now, id, f{"expire_time": ""}), nil},
		{"T1 without expiry, old", w.app.T1(now.Add(-25*time.Hour), id, f{"expire_time": ""}), account.ErrExpired},
		{"T1 without scope", w.app.T1(now, id, f{"scope": ""}), nil},
		{"T1 forged", forged.T1(now, id, nil), account.ErrUnauthorized},
		{"T1 expired", w.app.T1(now.Add(-2*time.Hour), id, nil), account.ErrExpired},
		{"T1 of another session", w.app.T1(now, "2_x", nil), account.ErrSession},
		{"T1 bad time", w.app.T1(now, id, f{"create_time": "x"}), account.ErrClaims},
		{"T1 bad expiry", w.app.T1(now, id, f{"expire_time": "x"}), account.ErrClaims},
		{"T1 long data", w.app.T1(now, id, f{"connection_data": long}), account.ErrClaims},
		{"T1 garbage", "T1==%%%", account.ErrUnauthorized},
		{"T1 without data", "T1==" + base64.StdEncoding.EncodeToString([]byte("partner_id=1&sig=00")), account.ErrUnauthorized},
		{"garbage", "xyz", account.ErrUnauthorized},
		{"empty", "", account.ErrUnauthorized},
		{"of another application", foreign.Client(t, now, id+"y", nil), account.ErrSession},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, err := w.Client(context.Background(), tc.token, id)
			check(t, err, tc.want)
			if err == nil && (client.Application.ID != w.app.ID || client.SessionID != id || client.Role != account.RolePublisher) {
				t.Errorf("client = %+v", client)
			}
		})
	}
}

func TestClientCarriesDataAndClasses(t *testing.T) {
	w := newWorld(t)
	id := account.ID{Owner: w.app.Application.Key(), CreatedAt: now}.New()
	for name, token := range map[string]string{
		"unified": w.app.Client(t, now, id, accounttest.Claims{"connection_data": "über & so=1", "initial_layout_class_list": "focus b", "role": "subscriber"}),
		"T1":      w.app.T1(now, id, map[string]string{"connection_data": "über & so=1", "initial_layout_class_list": "focus b", "role": "subscriber"}),
	} {
		got, err := w.Client(context.Background(), token, id)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Data != "über & so=1" || strings.Join(got.LayoutClasses, ",") != "focus,b" || got.MayPublish() {
			t.Errorf("%s: client = %+v", name, got)
		}
		if got.Identity != account.Identify(token) {
			t.Errorf("%s: identity is not that of the token", name)
		}
	}
}

func TestLookupFailureIsNotARefusal(t *testing.T) {
	w := newWorld(t)
	down := errors.New("store is down")
	w.Verifier.Applications = broken{down}
	for name, call := range map[string]func() error{
		"bearer": func() error {
			_, err := w.REST(context.Background(), "Bearer "+w.app.Bearer(t, now, nil), "")
			return err
		},
		"legacy": func() error { _, err := w.REST(context.Background(), "", w.app.Project(t, now, nil)); return err },
		"T1":     func() error { _, err := w.Client(context.Background(), w.app.T1(now, "2_x", nil), "2_x"); return err },
	} {
		if err := call(); !errors.Is(err, down) {
			t.Errorf("%s: error = %v, want it to wrap %v", name, err, down)
		}
	}
}

type broken struct{ err error }

func (b broken) Application(context.Context, string) (account.Application, error) {
	return account.Application{}, b.err
}

func (b broken) ApplicationByKey(context.Context, int64) (account.Application, error) {
	return account.Application{}, b.err
}

func FuzzTokens(f *testing.F) {
	w := newWorld(f)
	f.Add(w.app.Bearer(f, now, nil))
	f.Add(w.app.Project(f, now, nil))
	f.Add(w.app.T1(now, "2_x", nil))
	f.Add("T1==cGFydG5lcl9pZD0xJnNpZz06")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		_, errClient := w.Client(context.Background(), token, "3_never")
		if errClient == nil {
			t.Errorf("token %q is accepted for a session that it cannot name", token)
		}
		_, _ = w.REST(context.Background(), "Bearer "+token, "")
		_, _ = w.REST(context.Background(), "", token)
	})
}

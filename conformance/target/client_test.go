package target

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/schema"
	"reelcheck/spec"
)

var testKey = func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}()

const (
	appID     = "b40ef09b-3811-4726-b508-e41a0f96c68f"
	archiveID = "30b3ebf1-ba36-4f5b-8def-6f70d9986fe9"
	sessionID = "1_MX4xMjN-fjE3MjY0NjI1ODg2NDd-MTF4TGExYmJofn4-"
)

func client(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := schema.New(spec.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{Base: srv.URL, Control: "control-token-1", Scenario: "composed-pair", Journal: j, Schema: schema, Timeout: 2 * time.Second,
		App: App{ID: appID, PrivateKey: testKey, APIKey: "100200", APISecret: "the api secret"}}
}

const archiveJSON = `{"id":"` + archiveID + `","status":"started","name":"","reason":"","sessionId":"` + sessionID + `","applicationId":"` + appID + `",
"createdAt":1,"duration":0,"size":0,"outputMode":"composed","streamMode":"auto","hasAudio":true,"hasVideo":true,"url":null}`

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// TestCallsAskForJSON: without Accept the service answers errors in XML (ARC-AUTH-14).
func TestCallsAskForJSON(t *testing.T) {
	var asked []string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Accept"))
		answer(200, archiveJSON)(w, r)
	})
	for _, as := range []As{c.Unified(), c.Legacy(), {Client: c, Identity: evidence.AsNobody}} {
		if _, err := as.Get(t.Context(), "get", archiveID); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"application/json", "application/json", "application/json"}; !slices.Equal(asked, want) {
		t.Errorf("Accept %q, want %q", asked, want)
	}
}

// TestLegacyCallsNameTheirKey: by it a check knows the project of the target file (ARC-SES-04).
func TestLegacyCallsNameTheirKey(t *testing.T) {
	c := client(t, answer(200, archiveJSON))
	for want, as := range map[string]As{"": c.Unified(), "100200": c.Legacy()} {
		if got, err := as.Get(t.Context(), "get", archiveID); err != nil || got.IDs[evidence.APIKey] != want {
			t.Errorf("%s: key %q, want %q, error %v", as.Identity, got.IDs[evidence.APIKey], want, err)
		}
	}
}

func TestExchangesAreRecordedAndValidated(t *testing.T) {
	for name, c := range map[string]struct {
		handler    http.HandlerFunc
		status     int
		violations string // of the response, as pointer: message
	}{
		"good":           {answer(200, archiveJSON), 200, ""},
		"wrong type":     {answer(200, strings.Replace(archiveJSON, `"size":0`, `"size":"0"`, 1)), 200, "/size"},
		"missing member": {answer(200, strings.Replace(archiveJSON, `"status":"started",`, "", 1)), 200, "status"},
		"unknown status": {answer(200, strings.Replace(archiveJSON, `"started"`, `"recording"`, 1)), 200, "/status"},
		"empty object":   {answer(200, `{}`), 200, "/id"},
		"error":          {answer(404, `{"message":"no"}`), 404, ""},
		"bare error":     {answer(404, `{}`), 404, "message"},
	} {
		t.Run(name, func(t *testing.T) {
			cl := client(t, c.handler)
			a, err := cl.Unified().Get(context.Background(), "get", archiveID)
			if err != nil {
				t.Fatal(err)
			}
			r, ok := cl.Journal.View().Scenario("composed-pair").Label("get").Exchanges(evidence.GetArchive).About(evidence.Archive, archiveID).First()
			if !ok || r.Exchange.Status() != c.status || a.Status != c.status {
				t.Fatalf("record %+v, %v", r.Exchange, ok)
			}
			got := ""
			for _, v := range r.Exchange.Violations {
				if v.Side == "request" {
					t.Errorf("own request: %+v", v)
				}
				got += v.Pointer + ": " + v.Message + "\n"
			}
			if c.violations == "" && got != "" || !strings.Contains(got, c.violations) {
				t.Errorf("violations %q, want one with %q", got, c.violations)
			}
			if auth := r.Exchange.Request.Header.Get("Authorization"); auth != "Bearer [redacted]" {
				t.Errorf("authorization in the evidence: %q", auth)
			}
			if ua := r.Exchange.Request.Header.Get("User-Agent"); !strings.HasPrefix(ua, "reelcheck/") || !strings.HasSuffix(ua, "scenario=composed-pair") {
				t.Errorf("user agent %q", ua)
			}
		})
	}
}

// TestOwnRequestsAreDescribed checks that every call of the suite satisfies openapi.yaml.
func TestOwnRequestsAreDescribed(t *testing.T) {
	ctx := context.Background()
	cl := client(t, answer(404, `{"message":"no"}`))
	for _, as := range []As{cl.Unified(), cl.Legacy()} {
		_, _, _ = as.CreateSession(ctx, "x", map[string][]string{"p2p.preference": {"disabled"}, "archiveMode": {"manual"}})
		_, _ = as.Start(ctx, "x", map[string]any{"sessionId": sessionID, "name": "n", "resolution": "640x480", "hasAudio": true, "quantizationParameter": 20})
		_, _ = as.Stop(ctx, "x", archiveID, nil)
		_, _ = as.Stop(ctx, "x", archiveID, []byte("{}"))
		_, _ = as.Get(ctx, "x", archiveID)
		_, _ = as.Delete(ctx, "x", archiveID)
		_, _ = as.List(ctx, "x", map[string][]string{"offset": {"1"}, "count": {"2"}, "sessionId": {sessionID}}, false)
		_, _ = as.Connections(ctx, "x", sessionID)
		_, _ = as.Streams(ctx, "x", sessionID)
	}
	_, _ = cl.CreateApplication(ctx, "x", AppRequest{Name: "a", ArchiveCallbackURL: "http://127.0.0.1:1/hook/a/b", Fallback: "none",
		Storage: &Storage{Type: "s3", Config: S3Config{AccessKey: "a", SecretKey: "b", Bucket: "c", Endpoint: "http://127.0.0.1:2"}}})
	_ = cl.DeleteApplication(ctx, "x", appID)
	_, _, _ = cl.Policy(ctx, "x")
	_, _ = cl.control(ctx, "x", http.MethodPost, "/"+appID+"/clock", map[string]any{"advance": 5}, 200)
	_, _ = cl.Deadlines(ctx, "x")
	all := cl.Journal.View().Exchanges().Records
	if len(all) != 23 {
		t.Errorf("%d exchanges recorded", len(all))
	}
	for _, r := range all {
		for _, v := range r.Exchange.Violations {
			if v.Side == "request" {
				t.Errorf("%s %s: %+v", r.Exchange.Request.Method, r.Exchange.Request.URL, v)
			}
		}
	}
}

func TestAHangingTargetIsEvidence(t *testing.T) {
	release := make(chan struct{})
	cl := client(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	cl.Timeout = 50 * time.Millisecond
	a, err := cl.Unified().Get(context.Background(), "get", archiveID)
	if err != nil || a.Status != 0 || !strings.Contains(a.Exchange.Error, "within 50ms") {
		t.Errorf("status %d, evidence %q, %v", a.Status, a.Exchange.Error, err)
	}
}

func TestApplicationSecretsStayOutOfTheEvidence(t *testing.T) {
	der, err := x509.MarshalPKCS8PrivateKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	body, err := json.Marshal(map[string]any{"applicationId": appID, "privateKey": key, "apiKey": "100200", "apiSecret": "super-secret-value"})
	if err != nil {
		t.Fatal(err)
	}
	cl := client(t, answer(201, string(body)))
	app, err := cl.CreateApplication(context.Background(), "application", AppRequest{Name: "a"})
	if err != nil || app.APISecret != "super-secret-value" || !app.PrivateKey.Equal(testKey) {
		t.Fatalf("application %+v, %v", app, err)
	}
	disk, err := os.ReadFile(filepath.Join(cl.Journal.Dir(), "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{"super-secret-value", key[40:90], "control-token-1"} {
		if bytes.Contains(disk, []byte(leak)) {
			t.Errorf("%q is in the evidence", leak)
		}
	}
}

// TestTokens verifies the tokens by other means than those that made them.
func TestTokens(t *testing.T) {
	app := App{ID: appID, PrivateKey: testKey, APIKey: "100200", APISecret: "the api secret"}
	now := time.Now()
	rs := func(*jwt.Token) (any, error) { return &testKey.PublicKey, nil }
	hs := func(*jwt.Token) (any, error) { return []byte("the api secret"), nil }
	parse := func(token string, key jwt.Keyfunc, alg string) error {
		_, err := jwt.Parse(token, key, jwt.WithValidMethods([]string{alg}), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
		return err
	}
	for _, flaw := range []evidence.Flaw{evidence.NoFlaw, evidence.TooLongLived, evidence.IssuedEarly, evidence.UnknownIssuer, evidence.WrongSignature, evidence.ExpiredToken, evidence.NotYetValid, evidence.NoExpiry, evidence.Unsigned, evidence.GarbageToken, evidence.WrongAlgorithm} {
		valid := flaw == evidence.NoFlaw || flaw == evidence.TooLongLived || flaw == evidence.IssuedEarly || flaw == evidence.UnknownIssuer // the server must refuse all but the first
		token, err := app.Bearer(now, flaw)
		if err != nil {
			t.Fatal(err)
		}
		if err := parse(token, rs, "RS256"); (err == nil) != valid {
			t.Errorf("bearer %q: %v", flaw, err)
		}
		if flaw == evidence.WrongAlgorithm {
			continue
		}
		if token, err = app.LegacyAuth(now, flaw); err != nil {
			t.Fatal(err)
		}
		if err := parse(token, hs, "HS256"); (err == nil) != valid {
			t.Errorf("legacy %q: %v", flaw, err)
		}
	}
}

func TestT1Token(t *testing.T) {
	app := App{APIKey: "100200", APISecret: "the api secret"}
	token, err := app.Mint(ClientToken{Kind: T1Token, SessionID: sessionID, Data: "name=a b&c", Classes: []string{"full", "focus"}}, time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(token, "T1=="))
	if err != nil {
		t.Fatal(err)
	}
	head, data, _ := strings.Cut(string(plain), ":")
	mac := hmac.New(sha1.New, []byte("the api secret"))
	mac.Write([]byte(data))
	if want := "partner_id=100200&sig=" + hex.EncodeToString(mac.Sum(nil)); head != want {
		t.Errorf("head %q, want %q", head, want)
	}
	want := "session_id=" + sessionID + "&create_time=1000&nonce=0.5&role=publisher&expire_time=4600&connection_data=name%3Da+b%26c&initial_layout_class_list=full%20focus&scope=session.connect"
	if data != want {
		t.Errorf("data\n%s, want\n%s", data, want)
	}
	token, _ = app.Mint(ClientToken{Kind: T1Token, SessionID: sessionID, Timeless: true}, time.Unix(1000, 0))
	if plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(token, "T1==")); err != nil || strings.Contains(string(plain), "expire_time") {
		t.Errorf("a token without expire_time: %s, %v", plain, err)
	}
}

func events(c *Client, token string) Dial {
	return c.Socket(c.Base+"/events", http.Header{"Authorization": {"Bearer " + token}}, []string{"reelcheck.events"})
}

func TestEventsConnection(t *testing.T) {
	gone := make(chan websocket.StatusCode, 1)
	cl := client(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer the client token" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"reelcheck.events"}})
		if err != nil {
			t.Error(err)
			return
		}
		for _, m := range []string{`{"type":"connected","sessionId":"s","connectionId":"c1"}`, `{"type":"archiveStarted","sessionId":"s","archive":{"id":"a1","name":""}}`} {
			_ = ws.Write(r.Context(), websocket.MessageText, []byte(m))
		}
		_, _, err = ws.Read(r.Context())
		gone <- websocket.CloseStatus(err)
	})
	ctx := context.Background()
	if _, err := cl.Connect(ctx, "join.eve", "eve", sessionID, "another token", events(cl, "another token")); err == nil || err.(*RefusedError).Status != 403 {
		t.Errorf("refusal: %v", err)
	}
	k, err := cl.Connect(ctx, "join.alice", "alice", sessionID, "the client token", events(cl, "the client token"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := k.Wait(ctx, func(m Message) bool { return m.Type == "archiveStarted" })
	if err != nil || m.Archive.ID != "a1" || k.ID != "c1" {
		t.Errorf("message %+v, %v; connection %q", m, err, k.ID)
	}
	k.Leave()
	if code := <-gone; code != websocket.StatusNormalClosure {
		t.Errorf("the server saw close code %d", code)
	}
	var events []string
	for _, r := range cl.Journal.View().Clients().Records {
		events = append(events, r.Client.Name+" "+r.Client.Event+" "+r.Client.Type)
	}
	want := "eve refused ,alice open ,alice message connected,alice message archiveStarted,alice close "
	if got := strings.Join(events, ","); got != want {
		t.Errorf("events %q, want %q", got, want)
	}
	if r, ok := cl.Journal.View().About(evidence.Archive, "a1").Clients().First(); !ok || r.Client.ConnectionID != "c1" {
		t.Errorf("event about the archive: %+v, %v", r.Client, ok)
	}
}

// TestARefusalIsTheSameForEveryClient checks that the text of a refusal has neither the label of the client nor the address, which has a token.
func TestARefusalIsTheSameForEveryClient(t *testing.T) {
	cl := client(t, func(http.ResponseWriter, *http.Request) {})
	dial := cl.Socket("ws://127.0.0.1:1/session?token=secret", http.Header{}, nil)
	_, err := cl.Connect(t.Context(), "join.alice", "alice", sessionID, "secret", dial)
	if err == nil || err.Error() != "client could not connect: dial tcp 127.0.0.1:1: connect: connection refused" {
		t.Errorf("%v", err)
	}
}

func TestVanishSendsNoCloseFrame(t *testing.T) {
	gone := make(chan error, 1)
	cl := client(t, func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		_ = ws.Write(r.Context(), websocket.MessageText, []byte(`{"type":"connected","connectionId":"c1"}`))
		_, _, err = ws.Read(r.Context())
		gone <- err
	})
	k, err := cl.Connect(context.Background(), "join.alice", "alice", sessionID, "the client token", events(cl, "the client token"))
	if err != nil {
		t.Fatal(err)
	}
	k.Vanish()
	if err := <-gone; websocket.CloseStatus(err) != -1 {
		t.Errorf("the server saw %v, want a broken connection", err)
	}
}

// TestCredentialsInAFile: what a console or the control API gave for an application is read as it is, once it is used.
func TestCredentialsInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "foreign.json")
	if _, err := NewApp(config.Credentials{File: file}); err == nil {
		t.Error("a missing file gave an application")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for name, c := range map[string]struct {
		content any
		good    bool
	}{
		"all of it":    {map[string]any{"applicationId": "app", "privateKey": text, "apiKey": "12", "apiSecret": "s", "name": "more"}, true},
		"a bad key":    {map[string]any{"applicationId": "app", "privateKey": "not PEM"}, false},
		"another type": {[]int{1}, false},
	} {
		b, err := json.Marshal(c.content)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := NewApp(config.Credentials{File: file})
		if (err == nil) != c.good || c.good && (a.ID != "app" || a.APIKey != "12" || a.APISecret != "s" || !key.Equal(a.PrivateKey)) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if name := (App{APIKey: "12"}).Name(); name != "12" {
		t.Errorf("an application with an API key alone is named %q", name)
	}
}

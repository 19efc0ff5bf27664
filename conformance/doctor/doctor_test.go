package doctor

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/media"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// driver publishes nothing: the server of the tests does not look.
type driver struct{ err error }

func (d driver) Publish(context.Context, publisher.Options) (publisher.Publication, error) {
	return publication{}, d.err
}

func clients(d publisher.Driver, err error) func(context.Context, string, *evidence.Journal) (publisher.Driver, error) {
	return func(context.Context, string, *evidence.Journal) (publisher.Driver, error) { return d, err }
}

func (driver) Can() []config.Ability { return nil }

func (driver) Connect(context.Context, publisher.Entry) (*target.Connection, error) {
	return nil, errors.New("it cannot")
}

type publication struct{ publisher.Publication }

func (publication) StreamID() string       { return "stream" }
func (publication) Ended() <-chan struct{} { return nil }
func (publication) Abandon() error         { return nil }

// film finds the fixture in a file with the content that the server of the tests delivers.
func film(_ context.Context, path string) (media.Report, error) {
	b, err := os.ReadFile(path)
	r := media.Report{Size: int64(len(b)), Findings: []media.Finding{{Kind: media.Broken, Detail: "no boxes"}}}
	if string(b) == "a film" {
		r = media.Report{Size: r.Size, Duration: 3, Picture: &media.Picture{Appearances: []media.Appearance{{ID: "vp8-05", To: 3}}}}
	}
	return r, err
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// patient is a target with its file, right until a test spoils one of them.
type patient struct {
	*server
	Options
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	p := &patient{server: &server{}}
	listen := freePort(t)
	p.callbacks = "http://" + listen + "/any/path"
	p.File = config.File{
		Credentials:  &config.Credentials{ApplicationID: appID, PrivateKeyFile: keyFile(t, appKey()), APIKey: apiKey, APISecret: apiSecret},
		Capabilities: []config.Capability{config.Unified, config.Legacy, config.Callback, config.Cloud, config.VP8},
		Sinks: config.Sinks{Webhook: config.WebhookSink{Listen: listen}, S3: config.S3Sink{Driver: "in-process", Listen: freePort(t)},
			Mail: config.MailSink{Listen: "127.0.0.1:0"}},
		Secrets: []config.Secret{{Name: "credentials.apiSecret", Value: apiSecret}},
	}
	p.Clients, p.Look, p.Within = clients(driver{}, nil), film, 19*time.Second
	p.Record, p.Arrival = 10*time.Millisecond, time.Second
	p.FFmpeg = func(context.Context) (string, error) { return "7.1", nil }
	p.Tell = func(Step) {}
	return p
}

// withBucket gives the target a bucket that the suite serves.
func (p *patient) withBucket() {
	p.File.Capabilities = append(p.File.Capabilities, config.S3)
	p.File.Sinks.S3.Bucket, p.File.Sinks.S3.AccessKey, p.File.Sinks.S3.SecretKey = "archives", "typed", "typed by hand"
	typed := p.File.Sinks.S3
	p.bucket = &typed
}

func (p *patient) examine(t *testing.T) []Step {
	t.Helper()
	if p.File.URL == "" {
		startServer(t, p.server)
		p.File.URL = p.URL
	}
	began := time.Now()
	steps, err := Examine(t.Context(), p.Options)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	return steps
}

func TestAllIsWell(t *testing.T) {
	for name, prepare := range map[string]func(*patient){
		"download link": func(*patient) {},
		"bucket":        (*patient).withBucket,
		"public names": func(p *patient) {
			p.File.Sinks.Webhook.URL = "http://" + p.File.Sinks.Webhook.Listen + "/public"
		},
		"a prepared application": func(p *patient) {
			p.File.Applications, p.File.Credentials = map[string]config.Credentials{"default": *p.File.Credentials}, nil
		},
		"legacy alone": func(p *patient) {
			p.File.Capabilities = slices.DeleteFunc(p.File.Capabilities, func(c config.Capability) bool { return c == config.Unified })
			p.File.Credentials.PrivateKeyFile, p.File.Credentials.ApplicationID = "", ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			prepare(p)
			for _, s := range p.examine(t) {
				want := []State{OK}
				switch s.Name {
				case "control API", "client events", "signature", "session callback":
					want = []State{Absent}
				case "other capabilities":
					want = []State{Unseen}
				case "bucket", "application JWT":
					want = append(want, Absent)
				}
				if !slices.Contains(want, s.State) {
					t.Errorf("%s %s: %s", s.State, s.Name, s.Detail)
				}
			}
			if !p.deleted {
				t.Error("the archive was left behind")
			}
		})
	}
}

// always answers every request in the same way.
func always(status int, kind, body string) func(*testing.T, *patient) {
	return func(t *testing.T, p *patient) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		p.File.URL = s.URL
	}
}

// emptyObjects refuses requests without credentials, and answers {} to all others.
func emptyObjects(t *testing.T, p *patient) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" && r.Header.Get("X-Opentok-Auth") == "" {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write([]byte(`{}`))
	}))
	t.Cleanup(s.Close)
	p.File.URL = s.URL
}

func strangerKey(t *testing.T, p *patient) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.File.Credentials.PrivateKeyFile = keyFile(t, key)
}

// page answers with a web page.
func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<html><body>We are away</body></html>"))
}

// guardedBucket is a store of somebody else that refuses everybody.
func guardedBucket(t *testing.T, p *patient) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<Error><Code>AccessDenied</Code><Message>Not you</Message></Error>`))
	}))
	t.Cleanup(s.Close)
	p.withBucket()
	p.File.Sinks.S3.Driver, p.File.Sinks.S3.Endpoint = "own", s.URL
}

// wrongThings says, for each, which step finds it first, and with which words.
var wrongThings = map[string]struct {
	spoil func(*testing.T, *patient)
	first string
	words []string
}{
	"static page": {always(200, "text/html", "<html><title>Welcome to nginx!</title>"), "API", []string{"200 with a web page", "Welcome to nginx!", "base URL"}},
	"{} for all":  {always(200, "application/json", "{}"), "API", []string{"answered 200: {}", "401 or 403"}},
	"{} for us":   {emptyObjects, "application JWT", []string{"answered 200: {}", "count and items"}},
	"not found":   {always(404, "application/json", `{"message":"no route"}`), "API", []string{"404", "no route"}},
	"500s":        {always(500, "application/json", `{"message":"out of disk"}`), "API", []string{"500", "out of disk"}},
	"nobody there": {func(t *testing.T, p *patient) { p.File.URL = "http://" + freePort(t) }, "server",
		[]string{"connection refused"}},
	"hangs":          {func(_ *testing.T, p *patient) { p.hangs = "/" }, "server", []string{"no complete response within"}},
	"hangs later":    {func(_ *testing.T, p *patient) { p.hangs = "/session" }, "session", []string{"no complete response within"}},
	"wrong secret":   {func(_ *testing.T, p *patient) { p.File.Credentials.APISecret = "that of a colleague" }, "API key and secret", []string{"401", "Go away", "apiSecret"}},
	"wrong key":      {strangerKey, "application JWT", []string{"401", "Go away", "privateKeyFile"}},
	"no key file":    {func(_ *testing.T, p *patient) { p.File.Credentials.PrivateKeyFile = "/nonexistent.key" }, "application JWT", []string{"/nonexistent.key"}},
	"no key":         {func(_ *testing.T, p *patient) { p.File.Credentials.PrivateKeyFile = "" }, "application JWT", []string{"credentials.privateKeyFile: missing"}},
	"no secret":      {func(_ *testing.T, p *patient) { p.File.Credentials.APISecret = "" }, "API key and secret", []string{"credentials.apiSecret: missing"}},
	"no credentials": {func(_ *testing.T, p *patient) { p.File.Capabilities = nil }, "application JWT", []string{"neither unified nor legacy"}},
	"clock off":      {func(_ *testing.T, p *patient) { p.skew = time.Hour }, "clock", []string{"differs from ours by", "signed tokens are refused"}},
	"no callback":    {func(_ *testing.T, p *patient) { p.callbacks = "" }, "callback", []string{"No request came at all", "callback URL"}},
	"wrong URL":      {func(t *testing.T, p *patient) { p.callbacks = "http://" + freePort(t) }, "callback", []string{"nothing about the archive came to"}},
	"other archive":  {func(_ *testing.T, p *patient) { p.about = "another" }, "callback", []string{"2 other requests", "another"}},
	"not monitored":  {func(_ *testing.T, p *patient) { p.File.Capabilities = append(p.File.Capabilities, config.Monitoring) }, "session callback", []string{"nothing about the session came to", "session callback URL"}},
	"port by chance": {func(_ *testing.T, p *patient) { p.File.Sinks.Webhook.Listen = "127.0.0.1:0" }, "callback", []string{"another port in every run"}},
	"port taken":     {portTaken, "receivers", []string{"sinks.webhook.listen", "in use"}},
	"bucket refuses": {func(_ *testing.T, p *patient) { p.withBucket(); p.bucket.SecretKey = "mistyped" }, "file",
		[]string{"failed", "could not upload", "The bucket answered 403", "keys in the console"}},
	"bucket refuses us": {guardedBucket, "bucket", []string{"AccessDenied", "Not you"}},
	"no bucket set": {func(_ *testing.T, p *patient) { p.withBucket(); p.bucket = nil }, "file",
		[]string{"built-in cloud, not in the bucket archives", "No request of the target reached the bucket"}},
	"unnamed bucket": {func(_ *testing.T, p *patient) { p.withBucket(); p.File.Sinks.S3.Bucket = "" }, "bucket", []string{"sinks.s3.bucket: missing"}},
	"hidden bucket":  {func(_ *testing.T, p *patient) { p.status = "uploaded" }, "file", []string{"describe it in sinks.s3"}},
	"lost object":    {func(_ *testing.T, p *patient) { p.withBucket(); p.bucket = nil; p.status = "uploaded" }, "file", []string{"no object in archives"}},
	"never there":    {func(_ *testing.T, p *patient) { p.status = "stopped"; p.Within = 6 * time.Second }, "file", []string{`still "stopped"`, "--within"}},
	"other film": {func(_ *testing.T, p *patient) {
		p.file = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("an advertisement")) }
	}, "file",
		[]string{"does not show vp8-05", "broken, no boxes"}},
	"link is dead": {func(_ *testing.T, p *patient) {
		p.file = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "link expired", http.StatusGone) }
	}, "file", []string{"410", "link expired"}},
	"page for a file": {func(_ *testing.T, p *patient) { p.file = page }, "file", []string{"download link answered 200, but a web page came in place of the file (text/html): We are away"}},
	"endless file":    {func(_ *testing.T, p *patient) { p.file = endless }, "file", []string{"too many for so short"}},
	"publish refused": {func(_ *testing.T, p *patient) { p.Clients = clients(driver{errors.New("ICE failed")}, nil) }, "publish",
		[]string{"ICE failed"}},
	"no clients": {func(_ *testing.T, p *patient) { p.Clients = clients(nil, errors.New("no Chromium")) }, "clients", []string{"no Chromium"}},
	"no FFmpeg":  {func(_ *testing.T, p *patient) { p.FFmpeg = noFFmpeg }, "FFmpeg", []string{"not found", "install FFmpeg"}},
	"old FFmpeg": {func(_ *testing.T, p *patient) { p.FFmpeg = oldFFmpeg }, "FFmpeg", []string{"version 4.4.2-0ubuntu, want 5.1"}},
}

func TestFirstWrongThing(t *testing.T) {
	for name, c := range wrongThings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			c.spoil(t, p)
			steps := p.examine(t)
			first, wrong := First(steps)
			if !wrong || first.Name != c.first {
				t.Fatalf("first wrong is %q, want %q, of %+v", first.Name, c.first, steps)
			}
			for _, words := range c.words {
				if !strings.Contains(first.Detail, words) {
					t.Errorf("%q lacks %q", first.Detail, words)
				}
			}
			if n := len(steps); n < len(preparation)+len(way) {
				t.Errorf("%d steps", n)
			}
		})
	}
}

func portTaken(t *testing.T, p *patient) {
	ln, err := net.Listen("tcp", p.File.Sinks.Webhook.Listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
}

func endless(w http.ResponseWriter, r *http.Request) {
	for block := make([]byte, 1<<20); r.Context().Err() == nil; {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

func noFFmpeg(context.Context) (string, error) {
	return "", errors.New(`exec: "ffmpeg": executable file not found`)
}

func oldFFmpeg(context.Context) (string, error) { return "4.4.2-0ubuntu", nil }

// TestBodiesWithoutEnd checks that a body which is not read to its end is told as that, and not as an empty one.
func TestBodiesWithoutEnd(t *testing.T) {
	for name, c := range map[string]struct {
		body http.HandlerFunc
		want string
	}{
		"endless": {endless, "answered 200, but the answer is longer than 8388608 bytes"},
		"trickling": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "answered 200, but the answer did not end within 4s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(c.body)
			defer s.Close()
			p := newPatient(t)
			p.File.URL = s.URL
			if first, _ := First(p.examine(t)); first.Name != "API" || !strings.Contains(first.Detail, c.want) {
				t.Errorf("%+v, want %q", first, c.want)
			}
		})
	}
}

// TestWordsOfOthers checks that what a server says is one short line without secrets and control characters.
func TestWordsOfOthers(t *testing.T) {
	p := newPatient(t)
	always(500, "application/json", "\x1b[31m\nyour secret is "+apiSecret+"\r\n"+strings.Repeat("é", 10_000))(t, p)
	first, _ := First(p.examine(t))
	if strings.Contains(first.Detail, apiSecret) || strings.ContainsAny(first.Detail, "\x1b\r\n") || len([]rune(first.Detail)) > detailLimit+1 {
		t.Errorf("%q", first.Detail)
	}
	if !strings.Contains(first.Detail, "your secret is [redacted: credentials.apiSecret]") {
		t.Errorf("%q", first.Detail)
	}
}

// TestTimeIsLimited checks that no hanging server keeps the doctor longer than allowed, and that interruption ends it.
func TestTimeIsLimited(t *testing.T) {
	p := newPatient(t)
	p.hangs, p.Within = "/v2", 300*time.Millisecond
	if first, _ := First(p.examine(t)); first.Name != "server" || !strings.Contains(first.Detail, "when the 300ms were over") {
		t.Errorf("%+v", first)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.Tell = func(Step) { cancel() }
	if _, err := Examine(ctx, p.Options); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

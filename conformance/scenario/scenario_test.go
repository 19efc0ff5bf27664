package scenario

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/scenario/name"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target"
	"reelcheck/spec"
)

func env(t *testing.T, base string, capabilities ...target.Capability) Env {
	t.Helper()
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := target.NewSchema(spec.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	hooks, err := sink.OpenWebhooks(ctx, target.WebhookSink{Listen: "127.0.0.1:0"}, j)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sink.OpenStore(ctx, target.S3Sink{Driver: "in-process", Listen: "127.0.0.1:0"}, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = hooks.Close(), store.Close() })
	f := target.File{URL: base, Capabilities: capabilities, Time: target.Real, RequestTimeout: target.Duration(200 * time.Millisecond)}
	if f.Has(target.Control) {
		f.Time = target.Virtual
	}
	return Env{Target: &target.Target{File: f, Credentials: target.Credentials{URL: base, ControlToken: "control", APIKey: "1", APISecret: "a secret"}},
		Journal: j, Schema: schema, Hooks: hooks, Store: store, Publisher: publisher.WHIP{}, RunID: "test"}
}

// A target that is no target blocks every scenario, and the evidence says by what.
func TestSentinelsBlockEveryScenario(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for name, h := range map[string]http.HandlerFunc{
		"not-found": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"empty-object": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{}")
		},
		"hanging": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		},
	} {
		for _, kind := range []struct {
			name string
			all  []target.Capability
			// outcomes allowed: without the control API what needs it is unmet
			allowed []evidence.Outcome
		}{
			{"with-control", target.Capabilities, []evidence.Outcome{evidence.Blocked}},
			{"without-control", []target.Capability{target.Legacy, target.Callback}, []evidence.Outcome{evidence.Blocked, evidence.Unmet}},
		} {
			t.Run(name+"/"+kind.name, func(t *testing.T) {
				t.Parallel()
				srv := httptest.NewServer(h)
				defer srv.Close()
				e := env(t, srv.URL, kind.all...)
				if err := Run(t.Context(), e, All()); err != nil {
					t.Fatal(err)
				}
				v := e.Journal.View()
				for _, s := range All() {
					step, ok := v.Outcome(s.Name)
					allowed := false
					for _, o := range kind.allowed {
						allowed = allowed || step.Outcome == o
					}
					if !ok || !allowed || step.BlockedBy == "" {
						t.Errorf("%s ended %+v, %v", s.Name, step, ok)
					}
					if by := v.Scenario(s.Name).Label(step.BlockedBy); step.Outcome == evidence.Blocked && len(by.Records) == 0 {
						t.Errorf("%s is blocked by %q, which is not in the evidence", s.Name, step.BlockedBy)
					}
				}
			})
		}
	}
}

func TestInterruptedScenariosSaySo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
		cancel()
		<-r.Context().Done()
	}))
	defer srv.Close()
	e := env(t, srv.URL, target.Capabilities...)
	if err := Run(ctx, e, []Scenario{refusals}); err == nil {
		t.Error("no error after an interrupt")
	}
	if step, ok := e.Journal.View().Outcome(name.Refusals); !ok || step.Outcome != evidence.Broken {
		t.Errorf("outcome %+v, %v", step, ok)
	}
}

func TestScenariosAreDistinctAndBounded(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if s.Name == "" || s.Title == "" || seen[s.Name] || s.Within < 10*time.Second || s.Within > 3*time.Minute {
			t.Errorf("scenario %+v", s)
		}
		seen[s.Name] = true
		if got, ok := Find(s.Name); !ok || got.Title != s.Title {
			t.Errorf("Find(%q) = %+v, %v", s.Name, got, ok)
		}
	}
	if _, ok := Find("nothing"); ok {
		t.Error("found nothing")
	}
}

func TestTamper(t *testing.T) {
	link := "http://h/archives/app/a/archive.mp4?expires=1700000000&signature=aGVsbG8td29ybGQ"
	for what, changed := range map[string]string{"signature": "signature", "expiry": "expires", "path": ""} {
		forged, err := tamper(link, what)
		if err != nil {
			t.Fatal(err)
		}
		a, b := mustURL(t, link), mustURL(t, forged)
		for key := range a.Query() {
			if same := a.Query().Get(key) == b.Query().Get(key); same == (key == changed) {
				t.Errorf("%s: %s is %q, was %q", what, key, b.Query().Get(key), a.Query().Get(key))
			}
		}
		if (a.Path == b.Path) == (what == "path") {
			t.Errorf("%s: path %q, was %q", what, b.Path, a.Path)
		}
	}
	if _, err := tamper("http://h/archive.mp4", "signature"); err == nil {
		t.Error("tampered with a signature that is not there")
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestBucketNames(t *testing.T) {
	for in, want := range map[string]string{
		"Run_1/composed-pair":   "rc-run-1-composed-pair",
		strings.Repeat("x", 70): "rc-" + strings.Repeat("x", 60),
	} {
		if got := bucketName(in); got != want {
			t.Errorf("bucket name of %q is %q, want %q", in, got, want)
		}
	}
}

func TestUnknownSessionStaysWellFormed(t *testing.T) {
	id := "1_MX4xMjN-fjE3MjY0NjI1ODg2NDd-MTF4TGExYmJofn4-"
	got := unknownSession(id)
	if got == id || strings.Trim(got[2:], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || !strings.HasPrefix(got, "1_") {
		t.Errorf("unknown session %q", got)
	}
}

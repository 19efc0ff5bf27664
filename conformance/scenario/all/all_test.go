package all

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/scenario"
	"reelcheck/conformance/scenario/access"
	"reelcheck/conformance/sink"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
	"reelcheck/conformance/target/schema"
	"reelcheck/spec"
)

func env(t *testing.T, base string, capabilities ...config.Capability) scenario.Env {
	t.Helper()
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := schema.New(spec.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	hooks, err := sink.OpenWebhooks(ctx, config.WebhookSink{Listen: "127.0.0.1:0"}, j)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sink.OpenStore(ctx, config.S3Sink{Driver: "in-process", Listen: "127.0.0.1:0"}, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = hooks.Close(), store.Close() })
	f := config.File{URL: base, Capabilities: capabilities, Time: config.Real, RequestTimeout: config.Duration(200 * time.Millisecond)}
	if f.Has(config.Control) {
		f.Time = config.Virtual
	}
	return scenario.Env{Target: &launch.Target{File: f, Credentials: config.Credentials{URL: base, ControlToken: "control", APIKey: "1", APISecret: "a secret"}},
		Journal: j, Schema: schema, Hooks: hooks, Store: store, Publisher: publisher.WHIP{}, RunID: "test"}
}

// TestSentinelsBlockEveryScenario checks that servers that are no targets block every scenario, and that the evidence
// says what blocked it.
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
			all  []config.Capability
			// Allowed outcomes: without the control API, scenarios that need it are unmet, or would wait for too long.
			allowed []evidence.Outcome
		}{
			{"with-control", config.Capabilities, []evidence.Outcome{evidence.Blocked}},
			{"without-control", []config.Capability{config.Legacy, config.Callback}, []evidence.Outcome{evidence.Blocked, evidence.Unmet, evidence.Unwaited}},
		} {
			t.Run(name+"/"+kind.name, func(t *testing.T) {
				t.Parallel()
				srv := httptest.NewServer(h)
				defer srv.Close()
				e := env(t, srv.URL, kind.all...)
				if err := scenario.Run(t.Context(), e, Scenarios); err != nil {
					t.Fatal(err)
				}
				v := e.Journal.View()
				for _, s := range Scenarios {
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
	e := env(t, srv.URL, config.Capabilities...)
	if err := scenario.Run(ctx, e, []scenario.Scenario{access.Refusals}); err == nil {
		t.Error("no error after an interrupt")
	}
	if step, ok := e.Journal.View().Outcome(scenarios.Refusals); !ok || step.Outcome != evidence.Broken {
		t.Errorf("outcome %+v, %v", step, ok)
	}
}

func TestScenariosAreDistinctAndBounded(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Scenarios {
		if needs := slices.Contains(s.Needs, config.Control); (needs || len(s.Made) > 0) != (s.Why != "") {
			t.Errorf("scenario %s needs the control API: %t, because %q", s.Name, needs, s.Why)
		}
		if s.Name == "" || s.Title == "" || seen[s.Name] || s.Within < 10*time.Second || s.Within > 5*time.Minute {
			t.Errorf("scenario %+v", s)
		}
		seen[s.Name] = true
	}
}

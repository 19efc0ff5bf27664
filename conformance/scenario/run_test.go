package scenario

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/target/launch"
)

// bare returns an Env for scenarios that only create an application.
func bare(t *testing.T, slots int) Env {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]string{"applicationId": "a", "privateKey": string(text), "apiKey": "1", "apiSecret": "secret"})
	}))
	t.Cleanup(srv.Close)
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := config.File{URL: srv.URL, Capabilities: []config.Capability{config.Control}, Time: config.Virtual}
	return Env{Target: &launch.Target{File: f, Credentials: config.Credentials{URL: srv.URL}}, Journal: j, RunID: "test", Slots: slots}
}

func done(t *testing.T, e Env, scenarios ...Scenario) {
	t.Helper()
	if err := Run(t.Context(), e, scenarios); err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		if step, _ := e.Journal.View().Outcome(s.Name); step.Outcome != evidence.Done {
			t.Errorf("%s ended %+v", s.Name, step)
		}
	}
}

// TestTheEndOfARunIsNoInterruption ends the context with the last step of the last scenario, while it is written.
func TestTheEndOfARunIsNoInterruption(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e := bare(t, 5)
	e.Progress = func(p Progress) {
		if p.Outcome == evidence.Done {
			cancel()
		}
	}
	one := Scenario{Name: "one", Within: 10 * time.Second, Run: func(context.Context, *Flow) error { return nil }}
	if err := Run(ctx, e, []Scenario{one}); err != nil {
		t.Error(err)
	}
}

// TestAPanicEndsItsScenarioAlone checks that an answer nobody thought of does not end the run.
func TestAPanicEndsItsScenarioAlone(t *testing.T) {
	e := bare(t, 5)
	bad := Scenario{Name: "bad", Within: 10 * time.Second, Run: func(context.Context, *Flow) error {
		var none []int
		_ = none[len(e.RunID)]
		return nil
	}}
	good := Scenario{Name: "good", Within: 10 * time.Second, Run: func(context.Context, *Flow) error { return nil }}
	if err := Run(t.Context(), e, []Scenario{bad, good}); err != nil {
		t.Fatal(err)
	}
	v := e.Journal.View()
	if step, _ := v.Outcome("bad"); step.Outcome != evidence.Broken || !strings.Contains(step.Text, "fault of the suite") {
		t.Errorf("the one that panics ended %+v", step)
	}
	if step, _ := v.Outcome("good"); step.Outcome != evidence.Done {
		t.Errorf("the other ended %+v", step)
	}
	if noted := v.Harness().Records; len(noted) != 1 || noted[0].Harness.Kind != "panic" {
		t.Errorf("noted %+v", noted)
	}
}

func TestScenariosBeginInTheirOrder(t *testing.T) {
	var mu sync.Mutex
	var order []string
	notes := func(name string, media int) Scenario {
		return Scenario{Name: name, Media: media, Within: 10 * time.Second, Run: func(ctx context.Context, _ *Flow) error {
			mu.Lock()
			order = append(order, name)
			mu.Unlock()
			return clock.Sleep(ctx, 20*time.Millisecond)
		}}
	}
	var all []Scenario
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		all = append(all, notes(name, 3)) // more than half of the slots, so they run one at a time
	}
	done(t, bare(t, 5), append(all, notes("none", 0))...)
	at := slices.Index(order, "none")
	if at > 1 {
		t.Errorf("a scenario without media began after %d others", at)
	}
	if got := slices.Delete(slices.Clone(order), at, at+1); !slices.IsSorted(got) {
		t.Errorf("began in the order %v", order)
	}
}

func TestSilentFlowsMakeRoom(t *testing.T) {
	began := make(chan struct{})
	done(t, bare(t, 2),
		Scenario{Name: "silent", Media: 2, Within: 5 * time.Second, Run: func(ctx context.Context, f *Flow) error {
			f.Silent()
			return await(ctx, began)
		}},
		Scenario{Name: "next", Media: 2, Within: 5 * time.Second, Run: func(context.Context, *Flow) error { close(began); return nil }})
}

func TestFilesAreLookedAtWhileOthersPublish(t *testing.T) {
	began := make(chan struct{})
	e := bare(t, 2)
	e.Forensics = func(ctx context.Context, _ string) (json.RawMessage, error) {
		return json.RawMessage("{}"), await(ctx, began)
	}
	done(t, e,
		Scenario{Name: "looks", Media: 2, Within: 5 * time.Second, Run: func(_ context.Context, f *Flow) error {
			f.Look("one.media", "id", "1")
			f.Look("two.media", "id", "2")
			return nil
		}},
		Scenario{Name: "next", Media: 2, Within: 5 * time.Second, Run: func(context.Context, *Flow) error { close(began); return nil }})
	var labels []string
	for _, r := range e.Journal.View().Scenario("looks").Records {
		if r.Media != nil || r.Step != nil {
			labels = append(labels, r.Label)
		}
	}
	if want := []string{"scenario", "one.media", "two.media", "scenario"}; !slices.Equal(labels, want) {
		t.Errorf("the evidence is %v, want %v", labels, want)
	}
}

func await(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestFilesAreLookedAtSideBySideInTheEnd(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("one processor")
	}
	both := make(chan struct{}, 2)
	e := bare(t, 2)
	e.Forensics = func(ctx context.Context, _ string) (json.RawMessage, error) {
		both <- struct{}{}
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		for len(both) < 2 {
			if err := clock.Sleep(ctx, time.Millisecond); err != nil {
				return nil, err
			}
		}
		return json.RawMessage("{}"), nil
	}
	look := func(_ context.Context, f *Flow) error { f.Look("media", "id", "1"); return nil }
	done(t, e, Scenario{Name: "one", Media: 1, Within: 5 * time.Second, Run: look}, Scenario{Name: "other", Media: 1, Within: 5 * time.Second, Run: look})
	if n := len(e.Journal.View().Harness().Records); n > 0 {
		t.Errorf("%d files had to wait for the others", n)
	}
}

// clients is a driver whose clients only publish.
type clients struct{ publisher.Driver }

func (clients) Can() []config.Ability { return []config.Ability{config.CanMute} }

func TestScenariosBeyondTheClientsAreNotRun(t *testing.T) {
	e := bare(t, 5)
	e.Publisher = clients{}
	e.Target.File.Capabilities = append(e.Target.File.Capabilities, config.Events)
	run := func(context.Context, *Flow) error { return nil }
	if err := Run(t.Context(), e, []Scenario{
		{Name: "cuts", Clients: []config.Ability{config.CanMute, config.CanCut}, Within: time.Second, Run: run},
		{Name: "receives", Needs: []config.Capability{config.Events}, Within: time.Second, Run: run},
		{Name: "mutes", Clients: []config.Ability{config.CanMute}, Within: time.Second, Run: run},
	}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]evidence.Step{
		"cuts":     {Outcome: evidence.Unable, BlockedBy: "cut", Text: "the clients cannot cut and restore their network"},
		"receives": {Outcome: evidence.Unable, BlockedBy: "connect", Text: "the clients cannot be connected without publishing"},
		"mutes":    {Outcome: evidence.Done},
	} {
		if step, _ := e.Journal.View().Outcome(name); !reflect.DeepEqual(step, want) {
			t.Errorf("%s ended %+v, want %+v", name, step, want)
		}
	}
}

package publisher

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// rooms is another API in front of a WHIP server, with addresses and a header of its own.
type rooms struct {
	http.Handler
	mu    sync.Mutex
	calls []string
}

func (f *rooms) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.calls = append(f.calls, r.Method+" "+r.URL.RequestURI())
	f.mu.Unlock()
	if r.Header.Get("X-Key") != "token-of-alice" || r.Header.Get("Authorization") != "" {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	r.Header.Set("Authorization", "Bearer token-of-alice")
	switch {
	case strings.HasSuffix(r.URL.Path, "/join"):
		_, _ = io.WriteString(w, `{"connectionId":"c 7"}`)
		return
	case r.Method == http.MethodPost:
		r.URL.Path = "/v2/session/s1/whip"
	}
	f.Handler.ServeHTTP(w, r)
}

func TestPublishesWhereTheTargetFileSays(t *testing.T) {
	t.Parallel()
	s := serve(t)
	front := &rooms{Handler: s.Config.Handler}
	srv := httptest.NewServer(front)
	defer srv.Close()
	j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	key := map[string]string{"X-Key": "{{token}}"}
	w := WHIP{At: config.WHIP{
		Connect: config.Endpoint{URL: "{{url}}/rooms/{{sessionId}}/join", Headers: key},
		Publish: config.Endpoint{URL: "{{url}}/rooms/{{sessionId}}/in?as={{connectionId}}&kind={{videoType}}", Headers: key},
	}}
	c := &target.Client{Base: srv.URL, Scenario: "scenario", Journal: j}
	p, err := w.Publish(context.Background(), Options{Client: c, Label: "publish.alice", Name: "alice", Session: "s/1", Token: "token-of-alice", Audio: "tone-01"})
	if err != nil {
		t.Fatal(err)
	}
	<-s.arrived
	if err := p.Stop(context.Background(), "unpublish.alice"); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /rooms/s%2F1/join", "POST /rooms/s%2F1/in?as=c+7", "DELETE /v2/session/s1/whip/0f8fad5b-d9cb-469f-a165-70867728950e"}
	if !slices.Equal(front.calls, want) {
		t.Errorf("calls %q, want %q", front.calls, want)
	}
	for _, r := range j.View().Records {
		if r.Exchange != nil && (len(r.Exchange.Violations) > 0 || strings.Contains(strings.Join(r.Exchange.Request.Header["X-Key"], ""), "token-of")) {
			t.Errorf("%s in the evidence: %+v", r.Label, r.Exchange)
		}
		if r.Published != nil && r.IDs[evidence.Connection] != "" {
			t.Error("a client without events was taken for one that is connected")
		}
	}
	var refused *target.RefusedError
	_, err = w.Publish(context.Background(), Options{Client: c, Label: "publish.eve", Name: "eve", Session: "s1", Token: "token-of-eve", Audio: "tone-01"})
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden || refused.Label != "connect.eve" {
		t.Errorf("error %v, want a refusal of connect.eve with 403", err)
	}
}

package doctor

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
)

// TestLongAnswersAreQuoted checks that an answer which the evidence keeps elsewhere is not told as an empty one.
func TestLongAnswersAreQuoted(t *testing.T) {
	p := newPatient(t)
	always(500, "text/plain", "no space left: "+strings.Repeat("x", 3<<20))(t, p)
	if first, _ := First(p.examine(t)); !strings.Contains(first.Detail, "answered 500: no space left: xxx") {
		t.Errorf("%+v", first)
	}
}

// TestSmallDifferencesOfClocks: the Date header has whole seconds, so that a difference of a second is none.
func TestSmallDifferencesOfClocks(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer s.Close()
	p := newPatient(t)
	p.File.URL = s.URL
	for _, step := range p.examine(t) {
		if step.Name == "clock" && step.Detail != "differs by less than two seconds" {
			t.Errorf("%+v", step)
		}
	}
}

// TestUndeclaredIsNotUntried checks that no step is said to wait for another one which the target file does not ask for.
func TestUndeclaredIsNotUntried(t *testing.T) {
	p := newPatient(t)
	always(500, "text/plain", "down")(t, p)
	p.File.Capabilities = slices.DeleteFunc(slices.Clone(p.File.Capabilities), func(c config.Capability) bool { return c == config.Signing })
	for _, step := range p.examine(t) {
		if step.Name == "signature" && (step.State != Absent || !strings.Contains(step.Detail, "does not declare signing")) {
			t.Errorf("%+v", step)
		}
	}
}

// TestABadBucketHindersTheFileAlone: without the control API no session needs the bucket.
func TestABadBucketHindersTheFileAlone(t *testing.T) {
	p := newPatient(t)
	guardedBucket(t, p)
	got := map[string]Step{}
	for _, step := range p.examine(t) {
		got[step.Name] = step
	}
	for name, want := range map[string]State{"bucket": Wrong, "control API": Absent, "session": OK, "publish": OK, "archive": OK, "file": Untried} {
		if got[name].State != want {
			t.Errorf("%+v, want %q", got[name], want)
		}
	}
}

// TestRefusedClientsKnowWhere: a client that is not let in says what it asked, and where to tell the suite another place.
func TestRefusedClientsKnowWhere(t *testing.T) {
	j, err := evidence.Create(filepath.Join(t.TempDir(), "evidence"), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for status, hint := range map[int]bool{404: true, 403: false} {
		if _, err := j.Append(evidence.Record{Scenario: scenario, Label: "publish", Exchange: &evidence.Exchange{Identity: evidence.AsClient,
			Request: evidence.Request{Method: "POST", URL: "http://h/v2/session/s1/whip"}, Response: &evidence.Response{Status: status, Body: evidence.Body{Text: "no"}}}}); err != nil {
			t.Fatal(err)
		}
		got := (&examination{journal: j}).refused(errors.New("WHIP offer answered")).Error()
		if !strings.Contains(got, "POST http://h/v2/session/s1/whip was answered: no") || strings.Contains(got, "publisher.whip") != hint {
			t.Errorf("%d: %s", status, got)
		}
	}
}

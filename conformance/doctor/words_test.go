package doctor

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

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

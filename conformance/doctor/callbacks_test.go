package doctor

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target/config"
)

// TestEveryCapabilityIsTriedOrTold checks that what a target file declares is tried, or told as what it is not.
func TestEveryCapabilityIsTriedOrTold(t *testing.T) {
	p := newPatient(t)
	p.monitors = true
	p.File.Capabilities = append(p.File.Capabilities, config.Monitoring, config.H264, config.Individual)
	steps := p.examine(t)
	for name, want := range map[string]Step{
		"session callback":   {State: OK, Detail: "streamCreated"},
		"other capabilities": {State: Unseen, Detail: "declared, not tried: h264, individual"},
	} {
		i := slices.IndexFunc(steps, func(s Step) bool { return s.Name == name })
		if i < 0 || steps[i].State != want.State || !strings.HasPrefix(steps[i].Detail, want.Detail) {
			t.Errorf("%s: %+v", name, steps)
		}
	}
	if wrong, is := First(steps); is {
		t.Errorf("wrong: %+v", wrong)
	}
	if got := untried(config.File{Capabilities: config.Capabilities}); !slices.Contains(got, "cloud") || slices.Contains(got, "signing") || slices.Contains(got, "s3") {
		t.Errorf("of all capabilities these are not tried: %v", got)
	}
}

func TestSignature(t *testing.T) {
	const body = `{"event":"archive","id":"a","sessionId":"1","status":"started"}`
	stored := evidence.Body{Text: body, SHA256: "c0ffee"}
	signed := func(key, hash string) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"payload_hash": hash}).SignedString([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
	for name, c := range map[string]struct{ authorization, want string }{
		"right":          {signed(secret, "C0FFEE"), ""},
		"unsigned":       {"", "no bearer token"},
		"another secret": {signed("another", "c0ffee"), "not signed with the signature secret"},
		"another body":   {signed(secret, "beef"), "payload_hash"},
	} {
		j, err := evidence.Create(t.TempDir(), evidence.About{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := j.Append(evidence.Record{Scenario: scenario, Webhook: &evidence.Webhook{Header: http.Header{"Authorization": {c.authorization}}, Body: stored}}); err != nil {
			t.Fatal(err)
		}
		e := &examination{journal: j, made: "a", Options: Options{File: config.File{Capabilities: config.Capabilities}}}
		if detail, err := e.signature(t.Context()); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", name, detail, err)
		}
		_ = j.Close()
	}
}

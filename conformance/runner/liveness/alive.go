package liveness

import (
	"net/http"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report"
)

// Alive returns the evidence of scenarios that had ended while the target lived, and of the others only that they began.
func Alive(v evidence.View) evidence.View {
	died := report.Died(v)
	if died == nil {
		return v
	}
	after := map[string]bool{}
	for _, r := range v.Records {
		if r.Scenario != "" && !r.Over().Before(died.Time) {
			after[r.Scenario] = true
		}
	}
	return v.Where(func(r *evidence.Record) bool {
		return !after[r.Scenario] || r.Step != nil && r.Step.Outcome == evidence.Began
	})
}

// unanswered returns the number of the last exchange with the server at base if that has no complete answer, and otherwise 0.
func unanswered(v evidence.View, base string) int64 {
	for i := len(v.Records) - 1; i >= 0; i-- {
		if r := &v.Records[i]; with(r, base) {
			if answered(r) {
				return 0
			}
			return r.Seq
		}
	}
	return 0
}

// lastAnswer returns when the server at base last answered a request.
func lastAnswer(v evidence.View, base string) (at time.Time) {
	for i := range v.Records {
		if r := &v.Records[i]; with(r, base) && answered(r) && r.Over().After(at) {
			at = r.Over()
		}
	}
	return at
}

// lastGet returns the URL of the last GET that the server at base answered, or "". Others may be routes that it never answers. A
// URL of which a part is redacted is none.
func lastGet(v evidence.View, base string) string {
	for i := len(v.Records) - 1; i >= 0; i-- {
		if r := &v.Records[i]; with(r, base) && answered(r) && r.Exchange.Request.Method == http.MethodGet && !strings.Contains(r.Exchange.Request.URL, "[redacted") {
			return r.Exchange.Request.URL
		}
	}
	return ""
}

func with(r *evidence.Record, base string) bool {
	return r.Exchange != nil && strings.HasPrefix(r.Exchange.Request.URL, base+"/")
}

func answered(r *evidence.Record) bool { return r.Exchange.Response != nil && r.Exchange.Error == "" }

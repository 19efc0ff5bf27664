package report

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/report/exhibit"
	"reelcheck/conformance/report/timeline"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

const hostile = "</script><script>alert(1)</script>\x00\x1b[31m"

func sample(t *testing.T) *Report {
	t.Helper()
	at := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	clauses := []Clause{
		{ID: "ARC-START-01", Section: "workflow", Chapter: "Starting", Level: "must", Title: "routed session required",
			Text: "An archive starts only in a session whose media is routed.", Outcome: verdict.Pass, Proof: []string{"refusals/start.relayed#12"}},
		{ID: "ARC-START-02", Section: "workflow", Chapter: "Starting", Level: "must", Text: "A start is refused while no client is connected.",
			Outcome: verdict.Fail, Findings: []verdict.Finding{{Clause: "ARC-START-02", Expected: "404 or 400", Actual: "200 " + hostile,
				Where: []string{"refusals/start.empty#9"}}, {Clause: "ARC-START-02", Expected: "no archive", Actual: "1 archive", Blocked: "list answered 500"}}},
		{ID: "ARC-CB-01", Section: "status", Chapter: "Callbacks", Level: "must", Text: "Each change is announced.", Outcome: verdict.Inconclusive, Reason: "the webhook receiver was down"},
		{ID: "ARC-CB-15", Section: "status", Chapter: "Callbacks", Level: "must", Text: "No resolution.", Outcome: verdict.NotApplicable, Reason: "individual is not declared"},
		{ID: "ARC-CB-29", Section: "Callbacks and session monitoring",
			Documents: []spec.Link{{Name: "guide", URL: "https://example.com/guide"}}, Chapter: "Callbacks", Level: "should", Text: "Retries.", Outcome: verdict.Pending, Reason: "not verified yet"},
		{ID: "ARC-CB-30", Section: "Callbacks and session monitoring", Chapter: "Callbacks", Level: "must", Text: "Known.", Outcome: verdict.Fail, Known: true,
			Findings: []verdict.Finding{{Clause: "ARC-CB-30", Expected: "a", Actual: "b"}}},
		{ID: "ARC-CB-34", Section: "status", Chapter: "Callbacks", Level: "must", Text: "Expiry.", Outcome: verdict.Pledged, Reason: "due in 72 h"},
	}
	var verdicts []verdict.Verdict
	for _, c := range clauses {
		verdicts = append(verdicts, verdict.Verdict{Clause: c.ID, Outcome: c.Outcome})
	}
	return &Report{
		Format:  Format,
		Suite:   Suite{Name: "conform", Version: "0.1.0", LedgerSHA256: strings.Repeat("0a", 32)},
		Target:  Target{URL: "http://127.0.0.1:8080", Capabilities: []string{"control", "s3"}, TimeMode: "virtual"},
		Run:     Run{ID: "r1", StartedAt: at, FinishedAt: at.Add(42 * time.Second), ExitCode: 1},
		Counts:  verdict.Count(verdicts),
		Clauses: clauses,
		Exhibits: []exhibit.Exhibit{{Ref: "refusals/start.empty#9", Kind: "exchange", Title: "POST /archive → 200", Scenario: "refusals", At: 12, Curl: "curl",
			Parts: []exhibit.Text{{Name: "request", Text: "POST /archive", Left: 3}}, Film: &exhibit.Film{Seconds: 3, Width: 640, Height: 480,
				Rows:   []exhibit.Row{{Name: "alice v01", Kind: "audio", Expected: []exhibit.Span{{From: 0, To: 3}}, Found: []exhibit.Span{{From: 0, To: 2, Level: -20}}}},
				Stills: []exhibit.Still{{At: 1, Blob: strings.Repeat("0b", 32), Expected: []exhibit.Box{{Name: "v01", W: 640, H: 480}}, Found: []exhibit.Box{{Name: "v01", W: 320, H: 240}}}}}}},
		Scenarios: []Scenario{{Name: "composed-pair", Title: "Two publishers", State: "done", Millis: 16000,
			Lanes: []timeline.Lane{
				{Name: "publishers", Marks: []timeline.Mark{{At: 600, Until: 13200, Label: "alice v01", Kind: "media"}, {At: 2100, Until: 11000, Label: "bob v02", Kind: "media"}}},
				{Name: "status", Marks: []timeline.Mark{{At: 1500, Until: 11100, Label: "started", Kind: "status"}, {At: 11100, Until: 12000, Label: "paused", Kind: "status"}, {At: 12000, Until: 14100, Label: "stopped", Kind: "status"}, {At: 14100, Until: 16000, Label: "uploaded", Kind: "status"}}},
				{Name: "REST", Marks: []timeline.Mark{{At: 10, Label: "createSession 200", Kind: "ok"}, {At: 1500, Label: "startArchive 200", Kind: "ok"}, {At: 1600, Label: "startArchive 409", Kind: "client-error"}, {At: 1650, Label: "getArchive 500", Kind: "server-error"}, {At: 12000, Label: "stopArchive 200", Kind: "ok", Ref: "composed-pair/stop#77"}, {At: 15900, Label: "listArchives 200", Kind: "ok"}}},
				{Name: "webhooks", Marks: []timeline.Mark{{At: 1550, Label: "started", Kind: "status"}, {At: 12100, Label: "stopped", Kind: "status"}, {At: 14000, Label: "uploaded", Kind: "status"}}},
			},
			Frames: []Frame{{Caption: "archive.mp4 at 5.0 s", Blob: strings.Repeat("0b", 32)}}}},
		Baseline: []Excuse{{Clause: "ARC-CB-30", Reason: "being fixed", Owner: "media", Expires: Date{at.AddDate(0, 1, 0).Truncate(24 * time.Hour)}}},
	}
}

// TestBuildNamesSources checks that the reader of a verdict learns where its clause comes from without the repository.
func TestBuildNamesSources(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := Build(ledger, []verdict.Verdict{{Clause: "ARC-AUTH-02", Outcome: verdict.Pending},
		{Clause: "ARC-DUR-03", Outcome: verdict.Pending}, {Clause: "ARC-STO-24", Outcome: verdict.Pending}}, evidence.View{}, nil)
	for i, want := range []struct{ section, url string }{
		{"Tokens of applications", "https://github.com/"}, {"Basic workflow", "https://developer.vonage.com/"}, {"our reading", ""},
	} {
		c, url := r.Clauses[i], ""
		if len(c.Documents) > 0 {
			url = c.Documents[0].URL
		}
		if !strings.HasPrefix(c.Section, want.section) || !strings.HasPrefix(url, want.url) || (url == "") != (want.url == "") {
			t.Errorf("%s: got section %q and %q, want %q and %q", c.ID, c.Section, url, want.section, want.url)
		}
	}
}

func TestJSONAnswersTheSchema(t *testing.T) {
	schema := compileSchema(t)
	for name, r := range map[string]*Report{"full": sample(t), "empty": {Format: Format,
		Suite: Suite{Name: "conform", LedgerSHA256: strings.Repeat("0", 64)}, Run: Run{ID: "r", ExitCode: 130, Interrupted: true}}} {
		var b bytes.Buffer
		if err := r.JSON(&b); err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, b.Bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back, err := Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		r.Counts = count(r.Clauses)
		if diff := cmp.Diff(r.filled(), back.filled()); diff != "" {
			t.Errorf("%s does not read back:\n%s", name, diff)
		}
	}
}

func TestSchemaRefusesHollowVerdicts(t *testing.T) {
	schema := compileSchema(t)
	for name, spoil := range map[string]func(*Report){
		"a pass without proof":        func(r *Report) { r.Clauses[0].Proof = nil },
		"a failure without a finding": func(r *Report) { r.Clauses[1].Findings = nil },
		"an unknown outcome":          func(r *Report) { r.Clauses[2].Outcome = "green" },
		"an unknown exit code":        func(r *Report) { r.Run.ExitCode = 7 },
		"a finding without actual":    func(r *Report) { r.Clauses[1].Findings[0].Actual = "" },
	} {
		r := sample(t)
		spoil(r)
		var b bytes.Buffer
		if err := r.JSON(&b); err != nil {
			t.Fatal(err)
		}
		if validate(t, schema, b.Bytes()) == nil {
			t.Errorf("schema accepts %s", name)
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

// TestBlockedIsToldOnce checks that all formats tell of a blocked clause under the one that blocks it, and not as a failure.
func TestBlockedIsToldOnce(t *testing.T) {
	r := sample(t)
	blocked := Clause{ID: "ARC-LAY-01", Section: "layout", Chapter: "Layout", Level: "must", Text: "Tiles.", Outcome: verdict.Inconclusive, BlockedBy: []string{"ARC-START-02"},
		Findings: []verdict.Finding{{Clause: "ARC-LAY-01", Expected: "tiles", Actual: "none", Blocked: "ARC-START-02: 1 archive", Times: 3}}}
	alone := blocked
	alone.ID, alone.BlockedBy = "ARC-LAY-02", []string{"ARC-COMP-15"}
	r.Clauses = append(r.Clauses, blocked, alone)
	r.blame()
	if got := r.Clauses[1].Blocks; len(got) != 1 || got[0] != "ARC-LAY-01" || !r.Told(blocked) || r.Told(alone) {
		t.Fatalf("ARC-START-02 blocks %v", got)
	}
	if u := r.Unjudged(); !slices.ContainsFunc(u, func(u Unjudged) bool { return u.Why == "inconclusive: what was found follows from ARC-COMP-15" }) {
		t.Errorf("unjudged: %+v", u)
	}
	var doc bytes.Buffer
	if err := r.JSON(&doc); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, compileSchema(t), doc.Bytes()); err != nil {
		t.Error(err)
	}
}

func TestBaseline(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	verdicts := []verdict.Verdict{{Clause: "A", Outcome: verdict.Fail}, {Clause: "B", Outcome: verdict.Pass},
		{Clause: "C", Outcome: verdict.NotApplicable}, {Clause: "D", Outcome: verdict.Inconclusive}}
	known := func(id string) bool { return id != "Z" }
	for _, c := range []struct {
		entry, expires string
		excused        bool
		wrong          string
	}{
		{"A", "2026-11-22", true, ""},
		{"A", "2026-11-21", false, "expired on 2026-11-21"},
		{"B", "2026-12-31", false, "passed unexpectedly"},
		{"C", "2026-12-31", false, "cannot fail"},
		{"D", "2026-12-31", false, ""},
		{"Y", "2026-12-31", false, ""},
		{"Z", "2026-12-31", false, "matches no clause"},
		{"A", "2026-12-31, flaky: true", true, ""},
		{"A", "2026-11-21, flaky: true", false, "expired on 2026-11-21"},
		{"B", "2026-12-31, flaky: true", false, ""},
		{"C", "2026-12-31, flaky: true", false, "cannot fail"},
	} {
		list, err := ParseBaseline([]byte("- {clause: " + c.entry + ", reason: r, owner: o, expires: " + c.expires + "}"))
		if err != nil {
			t.Fatal(err)
		}
		excused, wrong := Apply(list, verdicts, known, now)
		if excused[c.entry] != c.excused {
			t.Errorf("%s until %s: excused %v", c.entry, c.expires, excused)
		}
		if got := fmt.Sprint(wrong); (len(wrong) == 0) != (c.wrong == "") || !strings.Contains(got, c.wrong) {
			t.Errorf("%s until %s: %q, want %q", c.entry, c.expires, got, c.wrong)
		}
	}
	for _, bad := range []string{"- {clause: A, reason: r, owner: o}", "- {clause: A, owner: o, expires: 2026-01-01}",
		"- {clause: A, reason: r, expires: 2026-01-01}", "- {reason: r, owner: o, expires: 2026-01-01}",
		"- {clause: A, reason: r, owner: o, expires: soon}", "- {clause: A, reason: r, owner: o, expires: 2026-01-01, why: x}", "clause: A",
		"- {clause: A, reason: r, owner: o, expires: 2026-01-01}\n- {clause: A, reason: r, owner: o, expires: 2026-01-01}"} {
		if _, err := ParseBaseline([]byte(bad)); err == nil {
			t.Errorf("baseline %q was accepted", bad)
		}
	}
}

// TestReadRefusesShortReportsOfManyClauses reads what would fill the memory as Go values.
func TestReadRefusesShortReportsOfManyClauses(t *testing.T) {
	text := `{"format":"` + Format + `","clauses":[` + strings.Repeat("{},", 2<<20) + `{}]}`
	if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "values, which is the limit") {
		t.Errorf("%v", err)
	}
}

package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/pledge"
	"reelcheck/conformance/report"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/verdict"
)

// left is a look that a run has pledged.
type left struct{ scenario, role, read, status, look, clause, capability string }

var (
	expiry  = left{scenarios.Cloud, "cloud", "get.fresh", "available", "after-expiry", "ARC-STAT-11", "vp8"}
	givenUp = left{scenarios.Undelivered, "unreachable", "get.after", "stopped", "given-up", "ARC-STO-13", "s3"}
)

// abandoned is a report folder of a run that began 75 hours ago and pledged to look at the end of an archive.
type abandoned struct {
	dir    string
	status string // of the archive, as the server tells it
	server *httptest.Server
}

const (
	oldArchive = "2b6b8b9e-6a43-4a0e-9b51-2f5c4c1b8c11"
	oldSession = "1_MX5zZXNzaW9ufn4"
)

func (a *abandoned) object() string {
	link := "null"
	if a.status == "available" {
		link = `"` + a.server.URL + `/files/` + oldArchive + `/archive.mp4?sig=0123456789"`
	}
	return fmt.Sprintf(`{"id":%q,"sessionId":%q,"status":%q,"url":%s,"createdAt":1,"outputMode":"composed"}`, oldArchive, oldSession, a.status, link)
}

func (a *abandoned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasPrefix(r.URL.Path, "/files/"):
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusConflict)
	case strings.HasSuffix(r.URL.Path, "/archive"):
		_, _ = io.WriteString(w, `{"count":1,"items":[`+a.object()+`]}`)
	default:
		_, _ = io.WriteString(w, a.object())
	}
}

func abandon(t *testing.T, l left) *abandoned {
	t.Helper()
	a := &abandoned{dir: t.TempDir(), status: l.status}
	a.server = httptest.NewServer(a)
	t.Cleanup(a.server.Close)
	about := report.Target{URL: a.server.URL, Capabilities: []string{"legacy", "cloud", l.capability}, TimeMode: "deferred"}
	j, err := evidence.Create(filepath.Join(a.dir, EvidenceDir), evidence.About{Run: "old", Target: about.Head(), Selection: []string{l.clause}, Clauses: []string{l.clause}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-75 * time.Hour)
	ids := map[string]string{evidence.Archive: oldArchive, evidence.Session: oldSession, evidence.Application: "100"}
	call := func(label string, op evidence.Operation, after time.Duration, body string) evidence.Record {
		return evidence.Record{Time: began.Add(after), Scenario: l.scenario, Label: label, IDs: ids, Exchange: &evidence.Exchange{Operation: op, Identity: evidence.AsLegacy,
			Started: began.Add(after), Request: evidence.Request{Method: "GET", URL: a.server.URL}, Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: body}}}}
	}
	for _, r := range []evidence.Record{
		{Time: began, Scenario: l.scenario, Label: "scenario", Step: &evidence.Step{Outcome: evidence.Began}},
		call("start", evidence.StartArchive, time.Second, strings.Replace(a.object(), l.status, "started", 1)),
		call(l.read, evidence.GetArchive, 10*time.Second, a.object()),
		{Time: began.Add(11 * time.Second), Scenario: l.scenario, Label: l.look, IDs: ids,
			Pledge: &evidence.Pledge{From: began.Add(74 * time.Hour).UTC(), Clauses: []string{l.clause}, Needs: "the target file"}},
		{Time: began.Add(12 * time.Second), Scenario: l.scenario, Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}},
	} {
		if _, err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	target := filepath.Join(t.TempDir(), "target.yaml")
	text := "url: " + a.server.URL + "\napplications: {" + l.role + ": {apiKey: 100, apiSecret: not so secret}}\ncapabilities: [legacy, cloud, " + l.capability + "]\ntime: deferred\n"
	verdicts := []verdict.Verdict{}
	for _, v := range judge.Grade(load(t), j.View(), about.Capabilities) {
		if v.Clause == l.clause {
			verdicts = append(verdicts, v)
		}
	}
	old := report.Build(load(t), verdicts, j.View(), nil)
	old.Suite, old.Target, old.Run = report.Suite{Name: "conform", LedgerSHA256: report.Fingerprint(load(t))}, about, report.Run{ID: "old", Selection: []string{l.clause}}
	err = errors.Join(os.WriteFile(target, []byte(text), 0o600), folder.Write(a.dir, old),
		pledge.File{Run: "old", Target: target, Pledges: pledge.Of(j.View())}.Write(a.dir), j.Close())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// collect redeems what is due so many hours before now.
func (a *abandoned) collect(t *testing.T, ago time.Duration) Outcome {
	t.Helper()
	out, err := Collection{Dir: a.dir, Now: func() time.Time { return time.Now().Add(-ago) }}.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPledgesThatAreNotDueStay(t *testing.T) {
	a := abandon(t, expiry)
	out := a.collect(t, 2*time.Hour)
	if out.Code != verdict.ExitPledges || out.Report.Counts.Pledged != 1 || len(out.Notes) != 1 || !strings.Contains(out.Notes[0], "can be looked at from") {
		t.Errorf("exit %d, %v, %q", out.Code, out.Report.Counts, out.Notes)
	}
	if f, err := pledge.Read(a.dir); err != nil || len(f.Pledges) != 1 || f.Pledges[0].Created[evidence.Archive] != oldArchive {
		t.Errorf("pledges %+v, %v", f, err)
	}
	if _, err := Folder(a.dir); err == nil || !strings.Contains(err.Error(), "1 open pledge; redeem it") {
		t.Errorf("a new run would lose the pledges: %v", err)
	}
}

func TestPledgesAreRedeemed(t *testing.T) {
	for _, c := range []struct {
		left
		status string
		want   int
	}{
		{expiry, "expired", verdict.ExitConformant}, {expiry, "available", verdict.ExitNonConformant},
		{givenUp, "failed", verdict.ExitConformant}, {givenUp, "stopped", verdict.ExitNonConformant},
	} {
		a, status, want := abandon(t, c.left), c.status, c.want
		a.status = status
		out := a.collect(t, 0)
		if out.Code != want || out.Report.Counts.Total() != 1 || out.Report.Clauses[0].Time != "deferred" {
			t.Errorf("%s: exit %d, %v, %+v", status, out.Code, out.Report.Counts, out.Report.Clauses)
		}
		if _, err := pledge.Read(a.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: pledges stay: %v", status, err)
		}
		if _, err := (Collection{Dir: a.dir, Now: time.Now}).Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "no open pledges") {
			t.Errorf("%s: collected twice: %v", status, err)
		}
	}
}

// TestPledgesHaveNoSecrets looks into every file that a run leaves for collect.
func TestPledgesHaveNoSecrets(t *testing.T) {
	a := abandon(t, expiry)
	a.collect(t, 0)
	for _, name := range []string{folder.JSON, filepath.Join(EvidenceDir, "journal.jsonl")} {
		text, err := os.ReadFile(filepath.Join(a.dir, name))
		if err != nil || strings.Contains(string(text), "not so secret") || !json.Valid([]byte(strings.SplitN(string(text), "\n", 2)[0])) && name != folder.JSON {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCollectNeedsTheSameApplication refuses to look at the archives of another application, as a failure of nobody.
func TestCollectNeedsTheSameApplication(t *testing.T) {
	a := abandon(t, expiry)
	other := filepath.Join(t.TempDir(), "other.yaml")
	text := "url: " + a.server.URL + "\napplications: {cloud: {apiKey: 200, apiSecret: another secret}}\ncapabilities: [legacy, cloud, vp8]\ntime: deferred\n"
	if err := os.WriteFile(other, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (Collection{Dir: a.dir, Target: other, Now: time.Now}).Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "another application") {
		t.Errorf("got %v", err)
	}
	if _, err := pledge.Read(a.dir); err != nil {
		t.Errorf("the pledge is lost: %v", err)
	}
}

// TestCollectReadsEvidenceAsRegradeDoes refuses evidence with a gap before it takes a look, and does not judge by a scenario that
// was interrupted.
func TestCollectReadsEvidenceAsRegradeDoes(t *testing.T) {
	journal := func(a *abandoned) string { return filepath.Join(a.dir, EvidenceDir, "journal.jsonl") }
	damage := func(a *abandoned, change func(lines []string) string) {
		b, err := os.ReadFile(journal(a))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(journal(a), []byte(change(strings.SplitAfter(string(b), "\n"))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := abandon(t, expiry)
	damage(a, func(lines []string) string { return lines[0] + lines[1] + strings.Join(lines[3:], "") })
	var usage *UsageError
	if _, err := (Collection{Dir: a.dir, Now: time.Now}).Collect(t.Context()); !errors.As(err, &usage) || !strings.Contains(err.Error(), "record 3 missing") {
		t.Errorf("a gap: %v", err)
	}
	if f, err := pledge.Read(a.dir); err != nil || len(f.Pledges) != 1 {
		t.Errorf("a gap: pledges %+v, %v", f, err)
	}
	a = abandon(t, expiry)
	damage(a, func(lines []string) string { return strings.Join(lines[:len(lines)-2], "") }) // without the end of the scenario
	want, err := Regrade(filepath.Join(a.dir, EvidenceDir), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.collect(t, 2*time.Hour); got.Code != want.Code || got.Code != verdict.ExitInterrupted || !got.Report.Run.Interrupted || got.Report.Counts != want.Report.Counts {
		t.Errorf("interrupted: exit %d, %v; regrade: %d, %v", got.Code, got.Report.Counts, want.Code, want.Report.Counts)
	}
}

package access

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// exchanged returns the record of a call that was answered with 200.
func exchanged(seq int64, op evidence.Operation, method, url, sent, got string) evidence.Record {
	return evidence.Record{Seq: seq, Time: time.Unix(seq, 0), Scenario: scenarios.Listing, IDs: map[string]string{evidence.Application: "app", evidence.Session: "s"},
		Exchange: &evidence.Exchange{Operation: op, Identity: evidence.AsUnified, Started: time.Unix(seq, 0), Duration: time.Millisecond,
			Request:  evidence.Request{Method: method, URL: "http://t/v2/project/app" + url, Body: evidence.Body{Text: sent}},
			Response: &evidence.Response{Status: 200, Body: evidence.Body{Text: got}}}}
}

// listed returns evidence of one archive, a, in session s of a prepared application, of another one, b, that somebody else made, and a
// list of both.
func listed(query string, count int, ids ...string) evidence.View {
	var items []string
	for _, id := range ids {
		items = append(items, fmt.Sprintf(`{"id":%q,"sessionId":%q,"status":"uploaded","createdAt":1000}`, id, map[string]string{"a": "s", "b": "theirs"}[id]))
	}
	created := exchanged(1, evidence.CreateSession, "POST", "", "p2p.preference=disabled", `[{"session_id":"s"}]`)
	return evidence.View{}.With([]evidence.Record{
		{Seq: 0, Scenario: scenarios.Listing, IDs: map[string]string{evidence.Application: "app"}, Prepared: &evidence.Prepared{Role: "default"}},
		created,
		exchanged(2, evidence.StartArchive, "POST", "/archive", `{"sessionId":"s"}`, `{"id":"a","sessionId":"s","status":"started"}`),
		exchanged(3, evidence.ListArchives, "GET", "/archive"+query, "", fmt.Sprintf(`{"count":%d,"items":[%s]}`, count, strings.Join(items, ","))),
		{Seq: 4, Scenario: scenarios.Listing, Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}},
	})
}

// TestOrderOfStarts checks that a list has the order of the starts. Of two starts under way together either may be first.
func TestOrderOfStarts(t *testing.T) {
	start := func(from, to int64) *facts.History {
		at := time.Unix(from, 0)
		return &facts.History{Start: evidence.Record{Seq: from, Time: at, Exchange: &evidence.Exchange{Started: at, Duration: time.Duration(to-from) * time.Second}}}
	}
	for name, c := range map[string]struct {
		listed []*facts.History
		want   bool
	}{
		"newest first":              {[]*facts.History{start(7, 8), start(4, 5), start(1, 2)}, true},
		"oldest first":              {[]*facts.History{start(1, 2), start(4, 5)}, false},
		"together":                  {[]*facts.History{start(1, 5), start(4, 6)}, true},
		"the first behind the last": {[]*facts.History{start(1, 3), start(2, 9), start(4, 5)}, false},
	} {
		if newestFirst(c.listed) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}

// TestTotalsOfSharedApplications: in an application that others may use too, their archives are no fault, and a wrong total is still one.
func TestTotalsOfSharedApplications(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		v    evidence.View
		want verdict.Outcome
	}{
		"somebody else's, too":          {listed("", 2, "a", "b"), verdict.Pass},
		"less than the page":            {listed("", 1, "a", "b"), verdict.Fail},
		"more than the only page":       {listed("", 3, "a", "b"), verdict.Fail},
		"less than what is known":       {listed("", 0), verdict.Fail},
		"a page of one":                 {listed("?count=1", 2, "b"), verdict.Pass},
		"the session's own":             {listed("?sessionId=s", 1, "a"), verdict.Pass},
		"the session's, without filter": {listed("?sessionId=s", 2, "a"), verdict.Pass},
		"none of the session":           {listed("?sessionId=s", 0), verdict.Fail},
	} {
		cl, _ := l.Clause("ARC-LIST-06")
		v := check.Grade(facts.Sort(l, c.v), cl, nil, check.New(cl.ID, listTotal, scenarios.Listing), check.Causes{})
		if v.Outcome != c.want {
			t.Errorf("%s: %s, want %s: %v %s", name, v.Outcome, c.want, v.Findings, v.Reason)
		}
	}
}

// TestTotalAfterADeletion: a deleted archive is not counted, neither in the list of its session nor in the list of all, if the application is the
// suite's own.
func TestTotalAfterADeletion(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	made := exchanged(0, evidence.CreateApplication, "POST", "", "{}", `{"applicationId":"app"}`)
	made.Exchange.Response.Status = 201
	deleted := exchanged(3, evidence.DeleteArchive, "DELETE", "/archive/a", "", "")
	deleted.Exchange.Response.Status = 204
	deleted.IDs[evidence.Archive] = "a"
	for name, c := range map[string]struct {
		app   evidence.Record
		query string
		count int
		want  verdict.Outcome
	}{
		"of all":                          {made, "", 0, verdict.Pass},
		"of all, counted":                 {made, "", 1, verdict.Fail},
		"of the session, counted":         {made, "?sessionId=s", 1, verdict.Fail},
		"of all, with archives of others": {listed("", 0).Records[0], "", 1, verdict.Pass},
	} {
		v := listed(c.query, c.count)
		v = v.With([]evidence.Record{c.app, v.Records[1], v.Records[2], deleted,
			exchanged(4, evidence.ListArchives, "GET", "/archive"+c.query, "", fmt.Sprintf(`{"count":%d,"items":[]}`, c.count)),
			{Seq: 5, Scenario: scenarios.Listing, Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}}})
		cl, _ := l.Clause("ARC-DEL-02")
		got := check.Grade(facts.Sort(l, v), cl, nil, check.New(cl.ID, deletedNotListed, scenarios.Listing), check.Causes{})
		if got.Outcome != c.want {
			t.Errorf("%s: %s, want %s: %v %s", name, got.Outcome, c.want, got.Findings, got.Reason)
		}
	}
}

// TestProjectInLists: a list by an API key names the project, in one of its two properties at least, and by its number.
func TestProjectInLists(t *testing.T) {
	l, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	for named, want := range map[string]verdict.Outcome{
		`"projectId":123,"partnerId":123`: verdict.Pass,
		`"projectId":123`:                 verdict.Pass,
		`"applicationId":"app"`:           verdict.Fail,
		`"partnerId":"123"`:               verdict.Fail,
		`"partnerId":124`:                 verdict.Fail,
	} {
		v := listed("", 0)
		list := exchanged(3, evidence.ListArchives, "GET", "", "", `{"count":1,"items":[{"id":"a","sessionId":"s","status":"uploaded",`+named+`}]}`)
		list.Exchange.Identity, list.Exchange.Request.URL = evidence.AsLegacy, "http://t/v2/project/123/archive"
		v.Records[3] = list
		cl, _ := l.Clause("ARC-GET-11")
		got := check.Grade(facts.Sort(l, evidence.View{}.With(v.Records)), cl, []string{"legacy"}, check.New(cl.ID, readLegacyProject, scenarios.Listing), check.Causes{})
		if got.Outcome != want {
			t.Errorf("%s: %s, want %s: %v %s", named, got.Outcome, want, got.Findings, got.Reason)
		}
	}
}

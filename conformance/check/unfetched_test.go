package check

import (
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestTheFileCouldNotBeFetched checks that a clause whose scenario shows nothing of it names the download that failed, if no file was fetched.
func TestTheFileCouldNotBeFetched(t *testing.T) {
	const id, link = "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "http://server/files/archive.mp4?s=1"
	at := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	call := func(seq int64, label string, op evidence.Operation, as evidence.Identity, method, url string, status int, body string) evidence.Record {
		return evidence.Record{Seq: seq, Time: at.Add(time.Duration(seq) * time.Second), Scenario: "pair", Label: label, IDs: map[string]string{evidence.Archive: id},
			Exchange: &evidence.Exchange{Operation: op, Identity: as, Started: at.Add(time.Duration(seq) * time.Second), Request: evidence.Request{Method: method, URL: url},
				Response: &evidence.Response{Status: status, Body: evidence.Body{Text: body, Size: int64(len(body))}}}}
	}
	start := call(1, "start", evidence.StartArchive, evidence.AsUnified, "POST", "http://server/v2/archive", 200, `{"id":"`+id+`","status":"started","url":null}`)
	read := call(2, "object.link", evidence.GetArchive, evidence.AsUnified, "GET", "http://server/v2/archive/"+id, 200, `{"id":"`+id+`","status":"available","url":"`+link+`"}`)
	bare := call(2, "object.link", evidence.GetArchive, evidence.AsUnified, "GET", "http://server/v2/archive/"+id, 200, `{"id":"`+id+`","status":"available","url":null}`)
	refused := call(3, "object", "", evidence.AsNobody, "GET", link, 404, "no such file\n")
	file := evidence.Record{Seq: 4, Time: at.Add(4 * time.Second), Scenario: "pair", Label: "object", IDs: start.IDs, Object: &evidence.Object{Store: "cloud", URL: link, Size: 1}}
	done := evidence.Record{Seq: 5, Time: at.Add(5 * time.Second), Scenario: "pair", Label: "scenario", Step: &evidence.Step{Outcome: evidence.Done}}
	endless := call(3, "list.deleted", evidence.ListArchives, evidence.AsUnified, "GET", "http://server/v2/archive", 200, "")
	endless.Exchange.Error = "the answer did not end within 10s"
	deliberate := endless
	deliberate.Exchange = &evidence.Exchange{Operation: evidence.ListArchives, Identity: evidence.AsUnified, Flaw: "expired", Error: "no answer"}
	for name, c := range map[string]struct {
		records []evidence.Record
		want    string
		ref     string
	}{
		"the link is refused":  {[]evidence.Record{start, read, refused, done}, "the file could not be fetched: 404 no such file", "pair/object#3"},
		"there is no link":     {[]evidence.Record{start, bare, done}, "the file could not be fetched: the archive has no url", "pair/object.link#2"},
		"another one is there": {[]evidence.Record{start, read, refused, file, done}, "", ""},
		"a list has no end":    {[]evidence.Record{start, read, endless, done}, "listArchives got no usable answer: the answer did not end within 10s", "pair/list.deleted#3"},
		"a bad call has none":  {[]evidence.Record{start, read, deliberate, done}, "", ""},
		"nobody tried":         {[]evidence.Record{start, read, done}, "", ""},
	} {
		v := Grade(facts.Sort(ledger(t), evidence.View{}.With(c.records)), spec.Clause{ID: "ARC-COMP-01", Verify: spec.Checks}, nil, New("ARC-COMP-01", func(*Case) {}, "pair"), Causes{})
		if v.Outcome != verdict.Inconclusive || len(v.Findings) > 1 || (len(v.Findings) == 0) != (c.want == "") {
			t.Errorf("%s: %+v", name, v)
			continue
		}
		if c.want != "" && (v.Findings[0].Blocked != c.want || len(v.Findings[0].Where) != 1 || v.Findings[0].Where[0] != c.ref) {
			t.Errorf("%s: %+v, want %q", name, v.Findings[0], c.want)
		}
	}
}

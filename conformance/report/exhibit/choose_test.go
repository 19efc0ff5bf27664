package exhibit

import (
	"strings"
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/verdict"
	"reelcheck/spec"
)

// TestAFileShowsItsDownload checks that a finding about a file that is no film, or about the object, has the exchange by which the file came.
func TestAFileShowsItsDownload(t *testing.T) {
	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	id := map[string]string{evidence.Archive: "a"}
	download := func(scenario string) *evidence.Exchange {
		return &evidence.Exchange{Identity: evidence.AsNobody, Request: evidence.Request{Method: "GET", URL: "http://server/" + scenario + "/archive.mp4"}, Response: &evidence.Response{Status: 200}}
	}
	v := evidence.View{Records: []evidence.Record{
		{Seq: 1, Scenario: "pair", Label: "object", IDs: id, Exchange: download("pair")}, {Seq: 2, Scenario: "auth", Label: "object", IDs: id, Exchange: download("auth")},
		{Seq: 3, Scenario: "pair", Label: "object", IDs: id, Object: &evidence.Object{Store: "cloud", Size: 18}},
		{Seq: 4, Scenario: "pair", Label: "object.media", IDs: id, Media: new(evidence.Media)},
		{Seq: 5, Scenario: "pair", Label: "other", IDs: id, Object: &evidence.Object{Store: "s3", Key: "a/archive.mp4"}},
	}}
	verdicts := []verdict.Verdict{{Clause: "ARC-STOP-03", Outcome: verdict.Fail, Findings: []verdict.Finding{{Where: []string{"pair/object#3", "pair/object.media#4", "pair/other#5"}}}}}
	got := map[string]Exhibit{}
	for _, x := range Choose(ledger, verdicts, v) {
		got[x.Ref] = x
	}
	for _, ref := range []string{"pair/object#3", "pair/object.media#4"} {
		if x := got[ref]; !strings.Contains(x.Curl, "http://server/pair/archive.mp4") || len(x.Parts) < 2 || x.Parts[0].Name != "request" || x.Parts[1].Name != "answer" {
			t.Errorf("%s: %+v", ref, x)
		}
	}
	if x := got["pair/other#5"]; x.Curl != "" || len(x.Parts) != 1 {
		t.Errorf("a file that nobody downloaded: %+v", x)
	}
}

// TestWholeTellsWhatTheReportShows: of a file, the exchange by which it came, and what was found in it.
func TestWholeTellsWhatTheReportShows(t *testing.T) {
	id := map[string]string{evidence.Archive: "a"}
	download := evidence.Record{Seq: 1, Scenario: "pair", Label: "object", IDs: id, Exchange: &evidence.Exchange{Identity: evidence.AsNobody,
		Request: evidence.Request{Method: "GET", URL: "http://server/archive.mp4"}, Response: &evidence.Response{Status: 200}}}
	film := evidence.Record{Seq: 2, Scenario: "pair", Label: "object.media", IDs: id, Media: &evidence.Media{Report: []byte(`{"problems":["no moov box"]}`)}}
	x := Whole(film, evidence.View{Records: []evidence.Record{download, film}})
	if len(x.Parts) != 3 || x.Parts[0].Name != "request" || x.Parts[1].Name != "answer" || !strings.Contains(x.Parts[2].Text, "no moov box") || !strings.Contains(x.Curl, "http://server/archive.mp4") {
		t.Errorf("%+v", x)
	}
}

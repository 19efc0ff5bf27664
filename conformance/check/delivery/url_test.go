package delivery

import (
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/verdict"
)

// TestDownloadWithoutAnEnd: a download that the suite gave up contradicts ARC-URL-03 once more has come than the file has, or once a slow
// target would have sent it. One that the network or the suite broke off says nothing.
func TestDownloadWithoutAnEnd(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		received int64
		took     time.Duration
		err      string
		want     verdict.Outcome
		says     string
	}{
		"whole":                         {200, 0, time.Second, "", verdict.Pass, ""},
		"slow, and whole":               {200, 0, 5 * time.Minute, "", verdict.Pass, ""},
		"no byte":                       {200, 0, 61 * time.Second, "late", verdict.Fail, "0 bytes in 1m1s, without an end"},
		"no answer":                     {0, 0, 61 * time.Second, "late", verdict.Fail, "0 bytes in 1m1s, without an end"},
		"a trickle":                     {200, 70, 61 * time.Second, "late", verdict.Fail, "70 bytes in 1m1s, without an end"},
		"a trickle, and interrupted":    {200, 70, 61 * time.Second, evidence.Interrupted, verdict.Fail, "70 bytes in 1m1s, without an end"},
		"more than the archive says":    {200, 900, time.Second, evidence.Interrupted, verdict.Fail, "900 bytes in 1s, without an end, of a file of 80 bytes"},
		"slow, and interrupted":         {200, 70, 59 * time.Second, evidence.Interrupted, verdict.Inconclusive, "interrupted"},
		"no answer yet, interrupted":    {0, 0, 59 * time.Second, evidence.Interrupted, verdict.Inconclusive, "interrupted"},
		"a web page":                    {200, 66, time.Millisecond, evidence.PageInstead + " (text/html): We are away", verdict.Fail, "a web page came in place of the file (text/html): We are away"},
		"the connection broke":          {200, 70, time.Second, "unexpected EOF", verdict.Inconclusive, "unexpected EOF"},
		"nobody listens at the address": {0, 0, time.Second, "connection refused", verdict.Fail, "connection refused"},
	} {
		read := answered(scenarios.Cloud, evidence.GetArchive, 20*time.Second, "", `{"id":"a","sessionId":"s","status":"available","size":80,"url":"http://t/files/a?s=1"}`)
		file := answered(scenarios.Cloud, "", 21*time.Second, "", "")
		x := file.Exchange
		x.Identity, x.Request.URL, x.Error, x.Received, x.Duration = evidence.AsNobody, "http://t/files/a?s=1", c.err, c.received, c.took
		if x.Response.Status = c.status; c.status == 0 {
			x.Response = nil
		}
		v := judged(t, recorded(scenarios.Cloud, evidence.Prepared{Role: "cloud", Store: "cloud"}, read, file), "ARC-URL-03")
		if v.Outcome != c.want || !strings.Contains(v.Reason+said(v), c.says) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestFileThatIsTooLong: the archive says nothing of its size, or a size that no file can have.
func TestFileThatIsTooLong(t *testing.T) {
	for received, want := range map[int64]verdict.Outcome{150 << 20: verdict.Inconclusive, 300 << 20: verdict.Fail} {
		read := answered(scenarios.Cloud, evidence.GetArchive, 20*time.Second, "", `{"id":"a","sessionId":"s","status":"available","size":9500000000,"url":"http://t/files/a?s=1"}`)
		file := answered(scenarios.Cloud, "", 21*time.Second, "", "")
		x := file.Exchange
		x.Identity, x.Request.URL, x.Error, x.Received, x.Duration = evidence.AsNobody, "http://t/files/a?s=1", "too long", received, time.Second
		if v := judged(t, recorded(scenarios.Cloud, evidence.Prepared{Role: "cloud", Store: "cloud"}, read, file), "ARC-URL-03"); v.Outcome != want {
			t.Errorf("%d bytes: %+v", received, v)
		}
	}
}

// said returns what the first finding says the target did.
func said(v verdict.Verdict) string {
	if len(v.Findings) == 0 {
		return ""
	}
	return v.Findings[0].Actual
}

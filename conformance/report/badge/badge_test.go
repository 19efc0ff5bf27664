package badge

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/reporttest"
	"reelcheck/conformance/verdict"
)

func TestSVG(t *testing.T) {
	for _, c := range []struct {
		spoil func(*report.Report)
		want  string
	}{
		{func(*report.Report) {}, "archive conformance: 3 of 6 failed"},
		{func(r *report.Report) { r.Run.ExitCode, r.Counts.Excused = verdict.ExitConformant, 0 }, ": conformant, 1 passed"},
		{func(r *report.Report) { r.Run.ExitCode = verdict.ExitConformant }, ": conformant, 1 passed, 1 excused"},
		{func(r *report.Report) {
			r.Run.ExitCode, r.Run.Selection, r.Counts.Excused = verdict.ExitConformant, []string{"CB"}, 0
		}, ": 1 selected clause passed"},
		{func(r *report.Report) {
			r.Run.Stale, r.Clauses = []report.Stale{{Clause: "ARC-START-01", Why: "passed"}}, r.Clauses[:1]
		}, ": baseline out of date"},
		{func(r *report.Report) { r.Run.ExitCode = verdict.ExitPledges }, ": 1 passed, 1 pledged"},
		{func(r *report.Report) { r.Run.ExitCode, r.Run.Stopped = verdict.ExitInconclusive, reporttest.Hostile }, ": stopped by a cap"},
		{func(r *report.Report) { r.Run.ExitCode = verdict.ExitUnreachable }, ": not judged"},
		{func(r *report.Report) { *r = *reporttest.Unjudged() }, ": not judged"},
	} {
		r := reporttest.Sample()
		r.Target.URL = reporttest.Hostile
		c.spoil(r)
		var b bytes.Buffer
		if err := SVG(&b, r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), c.want+"</title>") || strings.Contains(b.String(), "script") {
			t.Errorf("%s: lacks %q", b.String(), c.want)
		}
		d := xml.NewDecoder(&b)
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Package conformance adds the suite to your own Ginkgo suite, beside your own specs:
//
//	var _ = conformance.Describe("target.yaml")
//
//	func TestOurs(t *testing.T) {
//		gomega.RegisterFailHandler(ginkgo.Fail)
//		ginkgo.RunSpecs(t, "our recorder")
//	}
//
// There is one spec for each clause. Its labels are req:ARC-DUR-06, chapter:DUR, level:must, time:instant, cap:s3
// for each capability that the target must declare, and profile:core for each profile that holds it, so that
//
//	ginkgo --label-filter 'chapter:DUR && level:must'
//
// drives only the scenarios that these clauses need. The specs of a run share one target and are in one ordered
// container, which Ginkgo neither shuffles nor splits among processes. The program conform judges the same clauses in
// the same way.
package conformance

import (
	"github.com/google/uuid"

	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/runner"
)

// Option changes how [Describe] runs.
type Option func(*runner.Hosted)

// WithReport keeps the report (report.json, report.html, junit.xml, summary.md, badge.svg) and the evidence in a folder. It replaces an earlier
// report in it and refuses a folder that holds anything else.
func WithReport(dir string) Option {
	return func(h *runner.Hosted) { h.Out = dir }
}

// Describe adds the specs for the target that a target file (YAML) describes. Paths in the file are relative to the
// working directory of the test, which is the folder of its package. It returns true, so that it can be called in a var
// declaration.
func Describe(target string, options ...Option) bool {
	h := runner.Hosted{Target: target, RunID: uuid.NewString()[:8], Version: "hosted",
		Write: func(out runner.Outcome, o runner.Options) error { return folder.Write(o.Out, out.Report) }}
	for _, option := range options {
		option(&h)
	}
	return h.Describe("conform " + target)
}

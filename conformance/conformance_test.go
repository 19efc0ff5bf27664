package conformance_test

import (
	"flag"
	"testing"

	"github.com/onsi/ginkgo/v2"

	"reelcheck/conformance"
)

var (
	target = flag.String("target", "", "judge the target that this file describes, relative to the root of the module")
	out    = flag.String("out", "", "keep the report in this folder, relative to the root of the module")
)

// TestConformance is the suite as a plain Ginkgo suite:
//
//	go test ./conformance -target conformance/targets/archived.yaml -ginkgo.label-filter chapter:DUR
func TestConformance(t *testing.T) {
	if *target == "" {
		t.Skip("no -target")
	}
	t.Chdir("..")
	conformance.Describe(*target, conformance.WithReport(*out))
	ginkgo.RunSpecs(t, "conformance")
}

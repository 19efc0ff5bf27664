package scenario

import (
	"strings"
	"testing"
)

func TestBucketNames(t *testing.T) {
	for in, want := range map[string]string{
		"Run_1/composed-pair":   "rc-run-1-composed-pair",
		strings.Repeat("x", 70): "rc-" + strings.Repeat("x", 60),
	} {
		if got := bucketName(in); got != want {
			t.Errorf("bucket name of %q is %q, want %q", in, got, want)
		}
	}
}

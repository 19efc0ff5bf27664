package measure

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMeasure runs a program whose child is the one that takes time.
func TestMeasure(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc")
	}
	f, err := Run(t.Context(), []string{"sh", "-c", "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; sleep 1.2; true"})
	if err != nil || f.Wall < time.Second || f.CPU < 10*time.Millisecond || f.PSS < 50<<10 {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := Run(t.Context(), []string{"sh", "-c", "echo why; exit 3"}); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("of a program that fails: %v", err)
	}
}

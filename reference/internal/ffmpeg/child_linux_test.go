package ffmpeg

import (
	"fmt"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestChildrenMayOversleep starts a child that prints its timer slack. The thread that starts it must get its own slack
// back.
func TestChildrenMayOversleep(t *testing.T) {
	told := tell(t, "cat /proc/self/timerslack_ns")
	if want := fmt.Sprintln(int64(slack)); told != want {
		t.Errorf("a child's timer slack is %s, want %s", told, want)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = patiently(func() error { return nil })
	if own, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0); err != nil || own >= int(slack) {
		t.Errorf("our own timer slack is %d: %v", own, err)
	}
}

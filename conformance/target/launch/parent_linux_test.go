package launch

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTargetEndsWithKilledSuite kills a suite, which is this test in a process of its own, and waits for the end of its target.
func TestTargetEndsWithKilledSuite(t *testing.T) {
	if os.Getenv("REELCHECK_SUITE") != "" {
		tg, err := sh(t, `echo '{"url":"http://127.0.0.1:9"}'; exec sleep 60`, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("target", tg.process.cmd.Process.Pid)
		<-tg.Exited()
		return
	}
	suite := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	suite.Env = append(os.Environ(), "REELCHECK_SUITE=1")
	out, err := suite.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := suite.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	if _, err := fmt.Fscanf(out, "target %d\n", &pid); err != nil {
		t.Fatal(err)
	}
	if err := suite.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = suite.Wait() // it says that it was killed
	if fd, err := unix.PidfdOpen(pid, 0); err == nil {
		defer unix.Close(fd)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 5000)
		if err != nil || n == 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("the target outlives the suite: %v", err)
		}
	}
}

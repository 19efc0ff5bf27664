package ffmpeg

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// largestPipe is the kernel's limit for users without privileges.
const largestPipe = 1 << 20

// widen lets a pipe hold n bytes, or about what may be had: who writes to it then waits less often for who reads. It is an
// offer to the kernel, which refuses it to users of many pipes.
func widen(f *os.File, n int) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, min(n, largestPipe)) }) // see above
}

// giveWay lets everything else go before the child: composing may be late, receiving may not, or media are lost.
func giveWay(pid, nice int) { _ = unix.Setpriority(unix.PRIO_PROCESS, pid, nice) } // a child that has ended needs none

// slack lets a child oversleep. While a child written in Go computes in C, a monitor thread of Go's runtime naps for 20 us at a time, 13,000
// times in a minute of one stream (decision 25). Nothing in a child needs exact timers.
const slack = 100 * time.Millisecond

// patiently starts a child that may oversleep. The child inherits the timer slack of the thread that starts it.
func patiently(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0)       // a child without slack works too, and costs more
	defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // back to this thread's default
	return start()
}

// confine bounds a child's memory, and has the kernel, when it runs out of memory, end the child and not the server.
func confine(pid int) { // a child that has ended needs none
	_ = unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: maxMemory, Max: maxMemory}, nil)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0)
}

// worked is for how long a child has had a processor, all its threads together; after its end what is told is of no use.
func worked(pid int) time.Duration {
	const scheduled = 2 // CPUCLOCK_SCHED; the rest is a process's clock as in clock_getcpuclockid(3)
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

package ffmpeg

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// largestPipe is the kernel's limit in bytes for users without privileges.
const largestPipe = 1 << 20

// widen asks the kernel for a pipe that holds n bytes, so that its writer waits for its reader less often. The kernel
// may refuse: users with many pipes get no more.
func widen(f *os.File, n int) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, min(n, largestPipe)) }) // see above
}

// giveWay lowers the priority of the child below everything else. Composing may be late, but receiving may not: media
// would be lost.
func giveWay(pid, nice int) { _ = unix.Setpriority(unix.PRIO_PROCESS, pid, nice) } // a child that has ended needs none

// slack lets timers in a child fire late. While a child written in Go computes in C, a monitor thread of Go's runtime
// sleeps for 20 us at a time, 13,000 times in a minute of one stream (decision 25). Nothing in a child needs exact
// timers.
const slack = 100 * time.Millisecond

// patiently starts a child with slack. The child inherits the timer slack of the thread that starts it.
func patiently(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0)       // a child without slack works too, but costs more
	defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // back to this thread's default
	return start()
}

// confine limits a child's memory. It also makes the kernel end the child, not the server, when memory runs out.
func confine(pid int) { // a child that has ended needs none
	_ = unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: maxMemory, Max: maxMemory}, nil)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0)
}

// worked returns the CPU time of a child over all its threads. It is meaningless after the child has ended.
func worked(pid int) time.Duration {
	const scheduled = 2 // CPUCLOCK_SCHED; with the pid it makes the clock of clock_getcpuclockid(3)
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

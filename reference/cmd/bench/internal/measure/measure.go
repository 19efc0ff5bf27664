// Package measure runs programs and says what they took. It reads memory from /proc and counts all children, for which the
// program gets a process group of its own.
package measure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Figures are what a program with all its children took.
type Figures struct {
	Wall, CPU time.Duration
	PSS       int64 // peak of the sum over all processes, bytes
}

// sampleEvery is how often memory is looked at. Looking stops the kernel's memory management for milliseconds.
const sampleEvery = time.Second

// Run runs a program to its end.
func Run(ctx context.Context, args []string) (Figures, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Figures{}, err
	}
	over := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- peakPSS(cmd.Process.Pid, over) }()
	err := cmd.Wait()
	f := Figures{Wall: time.Since(began)}
	close(over)
	f.PSS = <-peak
	if err != nil {
		return f, fmt.Errorf("%s: %w\n%s", args[0], err, said.Bytes())
	}
	f.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() // of waited-for descendants too
	return f, nil
}

// PeakRSS is the most memory that a process had until now, bytes.
func PeakRSS(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	n, ok := kilobytes(b, "VmHWM:")
	if !ok {
		return 0, fmt.Errorf("process %d does not tell its memory", pid)
	}
	return n, nil
}

// kilobytes reads a line of what the kernel says of a process, in bytes.
func kilobytes(b []byte, name string) (n int64, ok bool) {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			kb, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

// peakPSS samples the memory of a process group until over is closed.
func peakPSS(group int, over <-chan struct{}) int64 {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	var peak int64
	for {
		select {
		case <-over:
			return peak
		case <-tick.C:
			peak = max(peak, pss(group))
		}
	}
}

// pss sums the proportional set sizes of a process group: memory that several processes share counts once.
func pss(group int) (sum int64) {
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		pid, err := strconv.Atoi(filepath.Base(name))
		if err != nil {
			continue
		}
		if g, err := syscall.Getpgid(pid); err != nil || g != group {
			continue
		}
		b, err := os.ReadFile(filepath.Join(name, "smaps_rollup"))
		if err != nil { // ended meanwhile
			continue
		}
		n, _ := kilobytes(b, "Pss:")
		sum += n
	}
	return sum
}

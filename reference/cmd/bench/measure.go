package main

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

// figures are what a program needed, with all its children.
type figures struct {
	wall, cpu time.Duration
	pss       int64 // peak of the sum over all processes, in bytes
}

// sampleEvery is the time between two looks at the memory. A look stops the kernel's memory management for milliseconds.
const sampleEvery = time.Second

// measure runs a program to its end.
func measure(ctx context.Context, args []string) (figures, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return figures{}, err
	}
	over := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- peakPSS(cmd.Process.Pid, over) }()
	err := cmd.Wait()
	f := figures{wall: time.Since(began)}
	close(over)
	f.pss = <-peak
	if err != nil {
		return f, fmt.Errorf("%s: %w\n%s", args[0], err, said.Bytes())
	}
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() // includes descendants that were waited for
	return f, nil
}

// peakRSS returns the most memory that a process has had so far, in bytes.
func peakRSS(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	n, ok := kilobytes(b, "VmHWM:")
	if !ok {
		return 0, fmt.Errorf("memory of process %d is unknown", pid)
	}
	return n, nil
}

// kilobytes returns the value of a line in the kernel's text about a process, in bytes.
func kilobytes(b []byte, name string) (n int64, ok bool) {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			kb, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
			return kb << 10, err == nil
		}
	}
	return 0, false
}

// peakPSS samples the memory of a process group until over is closed, and returns the peak in bytes.
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

// pss returns the sum of the proportional set sizes of a process group in bytes. Memory that several processes share
// counts once.
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
		if err != nil { // the process has ended
			continue
		}
		n, _ := kilobytes(b, "Pss:")
		sum += n
	}
	return sum
}

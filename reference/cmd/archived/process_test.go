package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Deadlines in real time. They are long because the machine may be busy.
const (
	readyWithin = 20 * time.Second
	exitWithin  = 20 * time.Second
	pollEvery   = 50 * time.Millisecond
)

// sideBySide is how many parallel tests run on each processor. They wait for media more than they compute.
const sideBySide = 2

// bin is the path of the real server, built once.
var bin string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "archived-test-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bin = filepath.Join(dir, "archived")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build archived: %w\n%s", err, out)
	}
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		err = flag.Set("test.parallel", strconv.Itoa(sideBySide*runtime.GOMAXPROCS(0)))
		if err != nil {
			return 1, err
		}
	}
	code = m.Run()
	if crashLine != "" {
		fmt.Println(crashLine)
	}
	return code, nil
}

// environment returns the environment of the test without settings of the server.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, envPrefix) })
}

// process is a running server.
type process struct {
	t      *testing.T
	data   string
	cmd    *exec.Cmd
	ready  readyLine
	began  time.Time
	took   time.Duration // time from start to ready
	logs   string        // path of the log file
	stdout chan string   // the output after the first line; closed after cmd was waited for
	exit   error         // how it ended; valid once stdout is closed
	broken bool          // the test causes errors in the server's log
}

// start runs `archived serve` on data, with the control API, and returns when it is ready. The server ends at the end of the test.
func start(t *testing.T, data string, args ...string) *process {
	t.Helper()
	p, first := launch(t, data, args...)
	p.awaitReady(first)
	return p
}

// launch is like start, but does not wait. first receives the ready line, or "" if the process ends before.
func launch(t *testing.T, data string, args ...string) (p *process, first <-chan string) {
	t.Helper()
	return launchAs(t, []string{bin}, data, args...)
}

// launchAs is like launch, but another program starts the server.
func launchAs(t *testing.T, program []string, data string, args ...string) (p *process, first <-chan string) {
	t.Helper()
	logs, err := os.Create(filepath.Join(t.TempDir(), "archived.log"))
	must(t, err)
	defer logs.Close() // the process has its own descriptor
	p = &process{t: t, data: data, began: time.Now(), logs: logs.Name(), stdout: make(chan string, 1)}
	args = append([]string{"serve", "--port", "0", "--data", data, "--control", "--allow-private-addresses", "--ice-addresses", "127.0.0.1", "--log-level", "debug"}, args...)
	p.cmd = exec.Command(program[0], append(program[1:], args...)...)
	p.cmd.Env, p.cmd.Stderr = environment(), logs
	out, err := p.cmd.StdoutPipe()
	must(t, err)
	must(t, p.cmd.Start())
	line := make(chan string, 1)
	go p.watch(out, line) // ends with the process, which the clean-up ends
	t.Cleanup(p.cleanUp)
	return p, line
}

func (p *process) awaitReady(first <-chan string) {
	p.t.Helper()
	select {
	case line := <-first:
		p.took = time.Since(p.began)
		if err := json.Unmarshal([]byte(line), &p.ready); err != nil {
			p.t.Fatalf("ready line %q: %v", line, err)
		}
	case <-time.After(readyWithin):
		p.t.Fatalf("no ready line within %v", readyWithin)
	}
}

func (p *process) watch(out io.Reader, first chan<- string) {
	in := bufio.NewReader(out)
	line, _ := in.ReadString('\n')
	first <- line
	rest, _ := io.ReadAll(in)
	p.exit = p.cmd.Wait()
	p.stdout <- string(rest)
	close(p.stdout)
}

// cleanUp ends the process if it still runs, and checks its log: nothing in these tests is an error of the server.
func (p *process) cleanUp() {
	_ = p.cmd.Process.Kill()
	p.wait()
	log, err := os.ReadFile(p.logs)
	must(p.t, err)
	for _, mark := range []string{" level=ERROR ", "panic: ", "DATA RACE"} {
		if strings.Contains(string(log), mark) && (!p.broken || mark != " level=ERROR ") {
			p.t.Errorf("%q in the log of process %d", mark, p.cmd.Process.Pid)
		}
	}
	if p.t.Failed() {
		p.t.Logf("log of process %d:\n%s", p.cmd.Process.Pid, log)
	}
}

// wait returns the output after the ready line. It returns "" when called again.
func (p *process) wait() string {
	p.t.Helper()
	select {
	case rest := <-p.stdout:
		return rest
	case <-time.After(exitWithin):
		p.t.Fatalf("process %d did not end within %v", p.cmd.Process.Pid, exitWithin)
		return ""
	}
}

// kill kills the process with SIGKILL. It returns when the process and its children have ended.
func (p *process) kill() {
	p.t.Helper()
	children := p.children()
	must(p.t, p.cmd.Process.Kill())
	p.wait()
	p.orphans(children)
}

// terminate ends the process as an operator does, and checks how it ends.
func (p *process) terminate() {
	p.t.Helper()
	children := p.children()
	must(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	if rest := p.wait(); rest != "" {
		p.t.Errorf("stdout after the ready line: %q", rest)
	}
	if p.exit != nil {
		p.t.Errorf("SIGTERM: %v, want exit status 0", p.exit)
	}
	p.orphans(children)
}

// child is a child process.
type child struct {
	pid, command string
	began        string // start time, to tell it from another process with the same id
}

// children returns the present child processes.
func (p *process) children() []child {
	p.t.Helper()
	parent := strconv.Itoa(p.cmd.Process.Pid)
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	must(p.t, err)
	var list []child
	for _, path := range stats {
		pid := filepath.Base(filepath.Dir(path))
		fields := statFields(pid)
		if len(fields) < 20 || fields[1] != parent || fields[0] == "Z" {
			continue
		}
		command, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
		if err == nil {
			list = append(list, child{pid, strings.ReplaceAll(string(command), "\x00", " "), fields[19]})
		}
	}
	return list
}

// statFields returns the fields of /proc/PID/stat after the name: state, parent, ..., the 20th is the start time (proc(5)).
func statFields(pid string) []string {
	raw, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return nil // the process has ended
	}
	return strings.Fields(string(raw)[strings.LastIndexByte(string(raw), ')')+1:])
}

func (c child) runs() bool {
	fields := statFields(c.pid)
	return len(fields) >= 20 && fields[19] == c.began && fields[0] != "Z"
}

// childLike waits for a child of the server that has mark in its command line.
func (p *process) childLike(mark string) (found child) {
	p.t.Helper()
	await(p.t, "child with "+mark, fileWithin, func() bool {
		children := p.children()
		i := slices.IndexFunc(children, func(c child) bool { return strings.Contains(c.command, mark) })
		if i >= 0 {
			found = children[i]
		}
		return i >= 0
	})
	return found
}

func (p *process) killChild(c child) {
	p.t.Helper()
	pid, err := strconv.Atoi(c.pid)
	must(p.t, err)
	must(p.t, syscall.Kill(pid, syscall.SIGKILL))
	await(p.t, "end of child "+c.command, exitWithin, func() bool { return !c.runs() })
}

// orphans fails the test unless all these children end by themselves.
func (p *process) orphans(children []child) {
	p.t.Helper()
	for _, c := range children {
		await(p.t, "end of child "+c.command, exitWithin, func() bool { return !c.runs() })
	}
}

// memory returns the resident size of the process in bytes.
func (p *process) memory() int {
	p.t.Helper()
	size := memoryOf(strconv.Itoa(p.cmd.Process.Pid), "VmRSS")
	if size == 0 {
		p.t.Fatalf("process %d tells nothing of its memory", p.cmd.Process.Pid)
	}
	return size
}

// memoryOf returns a field of the process's status (proc(5)) in bytes: VmRSS is its resident size, VmHWM the largest so far. It returns 0 if the
// process has ended.
func memoryOf(pid, field string) int {
	status, err := os.ReadFile(filepath.Join("/proc", pid, "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == field+":" {
			kib, _ := strconv.Atoi(fields[1]) // the kernel writes only numbers
			return kib << 10
		}
	}
	return 0
}

// status returns the HTTP status of GET path.
func (p *process) status(path string) int {
	p.t.Helper()
	response, err := http.Get(p.ready.URL + path)
	must(p.t, err)
	must(p.t, response.Body.Close())
	return response.StatusCode
}

// await polls until ok returns true, in real time.
func await(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(pollEvery) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

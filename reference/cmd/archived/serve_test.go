package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// An idle server may cost 300 ms and 60 MB. The tests allow three times as much, because they do not have the machine to themselves.
const (
	slowestReady = 3 * 300 * time.Millisecond
	mostMemory   = 3 * 60_000_000
)

// TestReady measures, so it is not parallel.
func TestReady(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := start(t, data)
	line, err := os.ReadFile(filepath.Join(data, "ready.json"))
	must(t, err)
	if want := mustJSON(t, first.ready) + "\n"; string(line) != want {
		t.Errorf("ready.json: %s want the ready line: %s", line, want)
	}
	for _, secret := range []string{"ready.json", "default.key"} {
		info, err := os.Stat(filepath.Join(data, secret))
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want 0600", secret, info.Mode().Perm())
		}
	}
	if first.ready.PrivateKeyFile != filepath.Join(data, "default.key") || first.ready.ControlToken == "" {
		t.Errorf("ready line: %+v", first.ready)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.yaml"} {
		if got := first.status(path); got != http.StatusOK {
			t.Errorf("GET %s: %d, want 200", path, got)
		}
	}
	t.Logf("first start: ready in %v, %.1f MB", first.took, float64(first.memory())/1e6)
	first.terminate()
	left := filepath.Join(data, ".ready.json.1.part") // by a server that died
	must(t, os.WriteFile(left, line, 0o600))

	fastest := readyWithin
	for range 3 {
		again := start(t, data)
		if got, want := again.ready.ApplicationID, first.ready.ApplicationID; got != want {
			t.Errorf("second start: application %s, want that of the first, %s", got, want)
		}
		if again.ready.APISecret != first.ready.APISecret {
			t.Error("second start: another API secret")
		}
		if got := again.memory(); got > mostMemory {
			t.Errorf("idle: %d bytes, more than %d", got, mostMemory)
		}
		t.Logf("later start: ready in %v, %.1f MB", again.took, float64(again.memory())/1e6)
		fastest = min(fastest, again.took)
		again.terminate()
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
	if fastest > slowestReady {
		t.Errorf("ready in %v at best, want %v", fastest, slowestReady)
	}
}

// TestNotReady checks that a server without FFmpeg serves requests and reports what is missing.
func TestNotReady(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "--ffmpeg", filepath.Join(t.TempDir(), "no-such-ffmpeg"))
	if got := p.status("/healthz"); got != http.StatusOK {
		t.Errorf("GET /healthz: %d, want 200", got)
	}
	if got := p.status("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("GET /readyz: %d, want 503", got)
	}
	p.terminate()
}

// fail runs the server with settings that it must refuse, and returns its error message.
func fail(t *testing.T, env []string, args ...string) (stderr string) {
	t.Helper()
	cmd := exec.Command(bin, append([]string{"serve"}, args...)...)
	var stdout, said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = append(environment(), env...), &stdout, &said
	cmd.Dir = t.TempDir()
	must(t, cmd.Start())
	watchdog := time.AfterFunc(exitWithin, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	_ = cmd.Wait() // the test judges the status
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit status %d, want 1; stderr: %s", code, said.String())
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout: %s", stdout.String())
	}
	return said.String()
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	notADirectory := filepath.Join(t.TempDir(), "file")
	write(t, notADirectory, "")
	unknown := filepath.Join(t.TempDir(), "archived.yaml")
	write(t, unknown, "prot: 1\n")
	for name, tc := range map[string]struct {
		env  []string
		args []string
		want string
	}{
		"port":            {args: []string{"--port", "many"}, want: "port"},
		"port range":      {args: []string{"--port", "65536"}, want: "port"},
		"host":            {args: []string{"--host", "300.0.0.1"}, want: "host"},
		"public URL":      {args: []string{"--public-url", "localhost"}, want: "public-url"},
		"log level":       {args: []string{"--log-level", "loud"}, want: "log-level"},
		"log format":      {args: []string{"--log-format", "xml"}, want: "log-format"},
		"control token":   {args: []string{"--control", "--control-token", "short"}, want: "control-token"},
		"ICE addresses":   {args: []string{"--ice-addresses", "example"}, want: "ice-addresses"},
		"data":            {args: []string{"--data", notADirectory}, want: "data"},
		"environment":     {env: []string{"ARCHIVED_CONTROL=perhaps"}, want: "ARCHIVED_CONTROL"},
		"no such file":    {args: []string{"--config", "missing.yaml"}, want: "missing.yaml"},
		"unknown setting": {args: []string{"--config", unknown}, want: `"prot"`},
		"unknown flag":    {args: []string{"--prot", "1"}, want: "--prot"},
		"argument":        {args: []string{"now"}, want: `"now"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := fail(t, tc.env, append([]string{"--data", t.TempDir(), "--port", "0"}, tc.args...)...)
			if !strings.Contains(said, tc.want) {
				t.Errorf("stderr does not name %s: %s", tc.want, said)
			}
			if strings.Count(said, "\n") != 1 || strings.Contains(said, "goroutine ") {
				t.Errorf("want one line on stderr: %s", said)
			}
		})
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer tcp.Close()
	_, port, err := net.SplitHostPort(tcp.Addr().String())
	must(t, err)
	data := filepath.Join(t.TempDir(), "data")
	if said := fail(t, nil, "--port", port, "--data", data); !strings.Contains(said, "port") || !strings.Contains(said, "address already in use") {
		t.Errorf("stderr: %s", said)
	}
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("data directory: %v, want none: the server never began", err)
	}
	udp, err := net.ListenPacket("udp", ":0")
	must(t, err)
	defer udp.Close()
	_, port, err = net.SplitHostPort(udp.LocalAddr().String())
	must(t, err)
	if said := fail(t, nil, "--port", "0", "--ice-port", port, "--data", data); !strings.Contains(said, "ice-port") || !strings.Contains(said, "address already in use") {
		t.Errorf("stderr: %s", said)
	}
}

// TestDataInUse checks that only one server at a time can use a data directory.
func TestDataInUse(t *testing.T) {
	t.Parallel()
	first := start(t, t.TempDir())
	if said := fail(t, nil, "--port", "0", "--data", first.data); !strings.Contains(said, "data") || !strings.Contains(said, "in use") {
		t.Errorf("stderr: %s", said)
	}
	if got := first.status("/readyz"); got != http.StatusOK {
		t.Errorf("first server: GET /readyz: %d, want 200", got)
	}
	first.kill()
	start(t, first.data).terminate()
}

func TestHelpNamesEverySetting(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	help := exec.Command(bin, "serve", "--help")
	help.Stderr = &stderr
	text, err := help.Output()
	must(t, err)
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", stderr.String())
	}
	var c config
	settings := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	c.register(settings)
	settings.VisitAll(func(f *pflag.Flag) {
		if !bytes.Contains(text, []byte("--"+f.Name+" ")) || !bytes.Contains(text, []byte(f.Usage)) {
			t.Errorf("--help does not explain --%s", f.Name)
		}
	})
	for _, word := range []string{"--config ", "ARCHIVED_", "ready.json", "default.key"} {
		if !bytes.Contains(text, []byte(word)) {
			t.Errorf("--help does not mention %s", word)
		}
	}
}

package ffmpeg

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
)

func TestFrameNumber(t *testing.T) {
	for line, want := range map[string]int64{
		"frame:3    pts:17      pts_time:0.566667": 17, "frame:0    pts:1000000 pts_time:1000": 1000000,
		"n=1": -1, "frame:1": -1, "frame:0    pts:NOPTS   pts_time:NOPTS": -1, "": -1,
	} {
		got, ok := frameNumber(line)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}

func TestDecodeRefusesAudio(t *testing.T) {
	if _, err := (Config{}).Decode(t.Context(), av.Opus, 16, 16); err == nil {
		t.Error("a video decoder for Opus was started")
	}
}

// tell returns the output of a child that runs a line of shell.
func tell(t *testing.T, line string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "child")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+line+"\n"), 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	p, err := Config{}.run(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	told, err := io.ReadAll(p)
	if err := errors.Join(err, p.wait()); err != nil {
		t.Fatal(err)
	}
	return string(told)
}

// TestChildrenKnowNoSecrets starts a child that prints its environment.
func TestChildrenKnowNoSecrets(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	t.Setenv("LD_LIBRARY_PATH", "/nowhere")
	told := tell(t, "env")
	if !strings.Contains(told, "LD_LIBRARY_PATH=/nowhere\n") || !strings.Contains(told, "PATH="+os.Getenv("PATH")+"\n") {
		t.Errorf("a child does not know where programs and libraries are:\n%s", told)
	}
	if strings.Contains(told, "hush") {
		t.Errorf("a child knows a secret:\n%s", told)
	}
}

// TestChildStarves checks that a child that lacks a resource of the machine fails with the cause of that.
func TestChildStarves(t *testing.T) {
	for said, want := range map[string]error{
		"pthread_create failed: Resource temporarily unavailable":            syscall.EAGAIN,
		"runtime: failed to create new OS thread (have 5 already; errno=11)": syscall.EAGAIN,
		"pipe:0: Cannot allocate memory":                                     syscall.ENOMEM,
		"Invalid data found when processing input":                           nil,
	} {
		program := filepath.Join(t.TempDir(), "child")
		script := "#!/bin/sh\necho '" + said + "' >&2\nexit 1\n"
		if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		child, err := Config{Path: program}.Convert(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, child)
		err = errors.Join(err, child.Wait())
		if err == nil || !strings.Contains(err.Error(), said) || await.Scarce(err) != (want != nil) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", said, err, want)
		}
	}
}

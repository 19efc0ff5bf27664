package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/fixtures/ffmpegtest"
)

// piece records the seconds between from and to of a moving picture with a rising tone.
func piece(t *testing.T, from, to int) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), fmt.Sprintf("%d.mp4", from))
	args := fmt.Sprintf("-f lavfi -i testsrc=s=160x120:r=25,trim=%[1]d:%[2]d,setpts=PTS-STARTPTS "+
		"-f lavfi -i aevalsrc=0.3*sin(900*t+60*t*t)*gt(sin(9*t*t)\\,0):s=48000,atrim=%[1]d:%[2]d,asetpts=PTS-STARTPTS "+
		"-c:v libx264 -preset ultrafast -c:a aac %s", from, to, name)
	ffmpegtest.Run(t, strings.Fields(args)...)
	return name
}

func TestMergeTellsWhatItDid(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out.mp4")
	var stdout, stderr bytes.Buffer
	merge := exec.Command(bin, "merge", piece(t, 0, 6), piece(t, 4, 9), "-o", out, "-x", "5.5")
	merge.Stdout, merge.Stderr = &stdout, &stderr
	if err := merge.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	for _, want := range []string{"0.mp4 + 4.mp4: overlap of 2.0", "found by picture and sound, joined at 4.000 s; coded again: 0.000 s of video", "out.mp4: 9.0"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is not in:\n%s", want, stdout.String())
		}
	}
	if !strings.Contains(stderr.String(), "finding overlaps: 100%\n") || !strings.HasSuffix(stderr.String(), "copying: 100%\n") || strings.Contains(stderr.String(), "\r") {
		t.Errorf("progress: %q", stderr.String())
	}
}

func TestToolsRefuseWrongUsage(t *testing.T) {
	there := filepath.Join(t.TempDir(), "there.mp4")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args, want string
		code       int
	}{
		{"merge a.mp4 -o b.mp4", "at least two files", 2},
		{"merge a.mp4 b.mp4", "output is missing", 2},
		{"merge a.mp4 b.mp4 -o c.mp4 --nonsense", "unknown flag: --nonsense", 2},
		{"merge a.mp4 b.mp4 -o c.mp4 -x 601", "max-overlap must be 0 to 600 seconds, got 601", 2},
		{"merge a.mp4 b.mp4 -o c.mp4 -x NaN", "max-overlap must be 0 to 600 seconds", 2},
		{"merge a.mp4 b.mp4 -o c.avi", "must end in .mp4", 2},
		{"merge a.mp4 b.mp4 -o " + there, "exists; -y overwrites it", 2},
		{"merge a.mp4 b.mp4 -o /no/such/c.mp4", "output directory", 2},
		{"merge nowhere.mp4 b.mp4 -o c.mp4", "nowhere.mp4: no such file", 1},
		{"compose -o c.mp4", "needs one archive or journal", 2},
		{"compose a.zip", "output is missing", 2},
		{"compose a.zip -o c.mp4 --resolution 1x1", "resolution must be one of 640x480", 2},
		{"compose a.zip -o c.mp4 --layout grid", "must be one of bestFit", 2},
		{"compose a.zip -o c.mp4 --layout custom", "stylesheet is required", 2},
		{"compose a.zip -o c.mp4 --stylesheet nowhere.css", "stylesheet: open nowhere.css", 2},
		{"compose a.zip -o c.mp4 --qp 14", "from 15 to 40, got 14", 2},
		{"compose a.zip -o c.mp4 --qp 20 --max-bitrate 200000", "must not both be set", 2},
		{"compose a.zip -o c.mp4 --no-audio --no-video", "must not both be false", 2},
		{"compose a.zip -o c.mp4 --class focus", `class must be STREAM=CLASS, got "focus"`, 2},
		{"compose a.zip -o c.mp4 --class a=" + strings.Repeat("b", 129), "names of 1 to 128 characters without spaces", 2},
		{"compose a.zip -o c.mp4 --class a=", "class must be STREAM=CLASS", 2},
		{"compose a.zip -o c.mp4 --class =focus", "class must be STREAM=CLASS", 2},
		{"compose a.zip -o c.mp4 --sounds --no-audio", "sounds and no-audio must not both be set", 2},
		{"compose nowhere.zip -o c.mp4", "nowhere.zip: no such file", 1},
	} {
		var out bytes.Buffer
		err := run(t.Context(), strings.Fields(tt.args), &out, &out)
		if err == nil || !strings.Contains(err.Error(), tt.want) || exitCode(t.Context(), err) != tt.code {
			t.Errorf("%s: error %v, exit code %d; want %q and %d", tt.args, err, exitCode(t.Context(), err), tt.want, tt.code)
		}
	}
	if left, err := filepath.Glob("*.mp4"); err != nil || len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := exitCode(ctx, errors.Join(context.Canceled)); code != 130 {
		t.Errorf("interrupted: exit code %d", code)
	}
}

func TestHelpHasExamples(t *testing.T) {
	for _, tool := range []string{"merge", "compose"} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{tool, "--help"}, &out, &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Examples:\n  archived " + tool, "Exit codes: 0", "130 interrupted"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s --help lacks %q:\n%s", tool, want, out.String())
			}
		}
	}
}

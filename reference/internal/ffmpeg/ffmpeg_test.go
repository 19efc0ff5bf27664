package ffmpeg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
)

func TestAccessUnits(t *testing.T) {
	want := [][]byte{
		[]byte(delimiter + "\x10\x00\x00\x00\x01\x67abc"),
		[]byte(delimiter + "\x30"),
		append([]byte(delimiter+"\x30\x00\x00\x01\x65"), bytes.Repeat([]byte{0xab}, 3*readAtOnce)...),
		[]byte(delimiter + "\x30\x00\x00\x01\x41z"),
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(slices.Concat(want...)), "byte by byte": iotest.OneByteReader(bytes.NewReader(slices.Concat(want...))),
		"with the end": iotest.DataErrReader(bytes.NewReader(slices.Concat(want...))),
	} {
		in := NewAccessUnits(r)
		for i, unit := range want {
			if got, err := in.Next(); err != nil || !bytes.Equal(got, unit) {
				t.Fatalf("%s, unit %d: %d bytes, want %d: %v", name, i, len(got), len(unit), err)
			}
		}
		if _, err := in.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v at the end", name, err)
		}
	}
	if _, err := NewAccessUnits(iotest.ErrReader(io.ErrClosedPipe)).Next(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read error: %v", err)
	}
}

func FuzzAccessUnits(f *testing.F) {
	f.Add([]byte(delimiter + "a" + delimiter))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := NewAccessUnits(bytes.NewReader(b))
		var all []byte
		for {
			unit, err := in.Next()
			if err != nil {
				break
			}
			all = append(all, unit...)
		}
		if !bytes.Equal(all, b) {
			t.Fatalf("% x came out as % x", b, all)
		}
	})
}

func TestADTS(t *testing.T) {
	frame := func(protected bool, data string) []byte {
		size, head := len(data)+7, []byte{0xff, 0xf1, 0x4c, 0x40, 0, 0, 0xfc}
		if protected {
			head[1] = 0xf0
			data = "\x12\x34" + data
			size += 2
		}
		head[3] |= byte(size >> 11)
		head[4], head[5] = byte(size>>3), byte(size<<5)|0x1f
		return append(head, data...)
	}
	in := NewADTS(bytes.NewReader(slices.Concat(frame(false, "one"), frame(true, "two"), frame(false, strings.Repeat("x", 3000)))))
	for _, want := range []string{"one", "two", strings.Repeat("x", 3000)} {
		if got, err := in.Next(); err != nil || string(got) != want {
			t.Fatalf("%q: %v", got, err)
		}
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for name, b := range map[string][]byte{"not ADTS": []byte("0123456789"), "cut": frame(false, "one")[:8], "length 0": {0xff, 0xf1, 0, 0, 0, 0, 0}} {
		if _, err := NewADTS(bytes.NewReader(b)).Next(); err == nil || errors.Is(err, io.EOF) && name != "cut" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzADTS(f *testing.F) {
	f.Add([]byte{0xff, 0xf1, 0x4c, 0x40, 1, 0x1f, 0xfc, 1})
	f.Fuzz(func(_ *testing.T, b []byte) {
		in := NewADTS(bytes.NewReader(b))
		for {
			if _, err := in.Next(); err != nil {
				return
			}
		}
	})
}

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

// tell is what a child says that runs a line of shell.
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

// TestChildrenKnowNoSecrets starts a child that tells its environment.
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

// TestChildStarves: a child that the machine has nothing for fails for that reason, and not for one of its own.
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

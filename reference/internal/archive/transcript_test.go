package archive

import (
	"bufio"
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts anew; review the diff")

// TestTranscripts plays testdata/*.txt: a line that starts with "> " is an event, and the lines after it are its outcome.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := transcribe(t, want)
			if *rewrite {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs; got:\n%s", file, got)
			}
		})
	}
}

func transcribe(t *testing.T, script []byte) []byte {
	var out bytes.Buffer
	p := newPlay(t)
	lines := bufio.NewScanner(bytes.NewReader(script))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
		}
		command, ok := strings.CutPrefix(line, "> ")
		if !ok {
			continue
		}
		fmt.Fprintln(&out, line)
		perform(t, p, strings.Fields(command), &out)
	}
	return out.Bytes()
}

func perform(t *testing.T, p *play, words []string, out *bytes.Buffer) {
	t.Helper()
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch words[0] {
	case "automatic":
		p.s.ArchiveMode = Always
		return
	case "wait":
		d, err := time.ParseDuration(arg(1))
		if err != nil {
			t.Fatal(err)
		}
		pass(p, d, out)
		return
	}
	in, _ := time.ParseDuration(arg(1))
	size, _ := strconv.ParseInt(arg(2), 10, 64)
	event, known := map[string]Event{
		"connect": Connect{Connection{ID: arg(1), CreatedAt: epoch}, arg(2)}, "disconnect": leave(arg(1)),
		"publish": publish(arg(1), arg(2)), "unpublish": unpublish(arg(1)),
		"start":        Start{ArchiveID: arg(1), Request: valid(StartRequest{SessionID: "S", MultiArchiveTag: arg(2)})},
		"start-manual": Start{ArchiveID: arg(1), Request: valid(StartRequest{SessionID: "S", MultiArchiveTag: arg(2), StreamMode: Manual})},
		"migrate":      Migrate{arg(1)},
		"rotate":       Rotate{p.now().Add(in), arg(2)},
		"add":          AddStream{arg(1), Inclusion{arg(2), arg(3) != "video", arg(3) != "audio"}},
		"remove":       RemoveStream{arg(1), arg(2)},
		"stop":         Stop{arg(1)}, "delete": Delete{arg(1)},
		"finish": Finish{arg(1), size, arg(3)}, "fail": Fail{arg(1)},
		"store":  Store{arg(1), Status(arg(2)), "sum"},
		"expire": Expire{arg(1)}, "interrupt": Interrupt{p.now()},
	}[words[0]]
	if !known {
		t.Fatalf("unknown command %q", words[0])
	}
	p.effects = nil
	if err := p.try(event); err != nil {
		fmt.Fprintf(out, "  refused: %v\n", err)
	}
	describe(p.effects, out)
}

// pass is run, and writes what happens to the transcript.
func pass(p *play, d time.Duration, out *bytes.Buffer) {
	end := p.at + d
	for {
		due := Deadlines(p.s)
		if len(due) == 0 || due[0].At.After(epoch.Add(end)) {
			p.at = end
			return
		}
		p.at = max(p.at, due[0].At.Sub(epoch))
		fmt.Fprintf(out, "  %v: %s of %s\n", p.at, due[0].Kind, cmp.Or(due[0].ArchiveID, "the session"))
		p.do(elapse(due[0]))
		describe(p.effects, out)
	}
}

func describe(effects []Effect, out *bytes.Buffer) {
	for _, e := range effects {
		a, n := e.Archive, e.Notice
		switch e.Kind {
		case DoNotify, DoClose:
			fmt.Fprintf(out, "  %s %s %s\n", e.Kind, n.Kind, strings.TrimSpace(strings.Join([]string{n.Connection.ID, n.Stream.ID, n.ArchiveID, n.Reason}, " ")))
		case DoStreamAdded, DoStreamRemoved:
			fmt.Fprintf(out, "  %s %s %s %s %q streams=%d\n", e.Kind, a.ID, n.Connection.ID, n.Stream.ID, n.Reason, len(a.Streams))
		case DoSelect:
			fmt.Fprintf(out, "  %s %s %v\n", e.Kind, a.ID, a.Streams)
		case DoExpire:
			fmt.Fprintf(out, "  %s %s at %v\n", e.Kind, a.ID, e.At.Sub(epoch))
		case DoAnnounce:
			fmt.Fprintf(out, "  %s %s %s %q recorded=%v duration=%v size=%d streams=%d\n", e.Kind, a.ID, a.Status, a.Reason, a.Recorded, a.Duration, a.Size, len(a.Streams))
		default:
			fmt.Fprintf(out, "  %s %s\n", e.Kind, a.ID)
		}
	}
}

package command

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

func journal(t *testing.T) *evidence.Journal {
	t.Helper()
	j, err := evidence.Create(filepath.Join(t.TempDir(), "evidence"), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func client(j *evidence.Journal) *target.Client {
	return &target.Client{Base: "http://server.example", App: target.App{ID: "app"}, Scenario: "scenario", Journal: j}
}

// vendor stands for a vendor's client library in the adapter of the document.
const vendor = `
import datetime, sys, threading
class Refused(Exception):
    status = 403
def now(): return datetime.datetime.now(datetime.timezone.utc).isoformat()
class Client:
    def leave(self): print("left", file=sys.stderr)
def connect(url, session, token, on_message):
    if token != "token-of-alice": raise Refused("no such token")
    on_message({"type": "connected", "connectionId": "c-1"})
    threading.Timer(0.05, on_message, [{"type": "archiveStarted", "archive": {"id": "a-1"}}]).start()
    return Client()
class Publication:
    def __init__(self, client, command):
        self.stream_id, self.epoch = "s-1", now()
        open(command["video"]["file"]).close()
        print("publishes for", client is not None, command["token"], command["video"]["codec"], command["audio"]["rate"], file=sys.stderr)
    def mute(self, kind, muted): print("mute", kind, muted, file=sys.stderr)
    def stop(self): print("stopped", file=sys.stderr)
publish = Publication
`

// documented returns the adapter of spec/publisher-protocol.md.
func documented(t *testing.T) config.Adapter {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	text, err := os.ReadFile("../../../spec/publisher-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(text), "```python\n")
	code, _, found := strings.Cut(code, "```")
	if !found {
		t.Fatal("the document has no adapter")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"adapter.py": code, "vendor.py": vendor} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config.Adapter{Run: []string{"python3", filepath.Join(dir, "adapter.py")}, AnswerWithin: patience}
}

func TestTheAdapterOfTheDocument(t *testing.T) {
	t.Parallel()
	ctx, j := t.Context(), journal(t)
	d, err := Start(ctx, config.Publisher{Command: documented(t)}, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	entry := publisher.Entry{Client: client(j), Label: "join.alice", Name: "alice", Session: "s1", Token: "token-of-alice"}
	k, err := d.Connect(ctx, entry)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := k.Wait(ctx, func(m target.Message) bool { return m.Type == "archiveStarted" }); err != nil || m.Archive.ID != "a-1" || k.ID != "c-1" {
		t.Errorf("message %+v, %v; connection %q", m, err, k.ID)
	}
	var refused *target.RefusedError
	entry.Token = "token-of-mallory"
	if _, err := d.Connect(ctx, entry); !errors.As(err, &refused) || refused.Status != 403 {
		t.Errorf("error %v, want a refusal with 403", err)
	}
	p, err := d.Publish(ctx, publisher.Options{Client: client(j), Label: "publish.alice", Name: "alice", Session: "s1", Token: "token-of-alice",
		ConnectionID: k.ID, Video: "vp8-01", Audio: "tone-01"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Mute("video", true); err != nil {
		t.Error(err)
	}
	if err := p.Disconnect(); err == nil {
		t.Error("an adapter that cannot cut its network was asked to")
	}
	if err := p.Stop(ctx, "unpublish.alice"); err != nil {
		t.Error(err)
	}
	k.Leave()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	checkEvidence(t, j)
}

func checkEvidence(t *testing.T, j *evidence.Journal) {
	t.Helper()
	var clients []string
	for _, r := range j.View().Clients().Records {
		clients = append(clients, r.Client.Event+" "+r.Client.Type)
	}
	if got, want := strings.Join(clients, ","), "open ,message connected,message archiveStarted,refused ,close "; got != want {
		t.Errorf("clients: %q, want %q", got, want)
	}
	tracks := j.View().Tracks().Records
	if len(tracks) != 2 {
		t.Fatalf("%d tracks, want 2", len(tracks))
	}
	for _, r := range tracks {
		p := r.Published
		if p.Client != "alice" || !p.Ended || p.Reason != "delete" || p.Epoch.IsZero() || p.Rate == 0 || p.Stopped.To.IsZero() || r.IDs[evidence.Stream] != "s-1" {
			t.Errorf("%s: %+v", r.Label, p)
		}
		if p.Kind == "video" && (len(p.Muted) != 1 || len(p.Unsent) != 1) {
			t.Errorf("muted %v, unsent %v", p.Muted, p.Unsent)
		}
	}
	r, ok := j.View().Label("adapter.log").First()
	if !ok || !strings.Contains(r.Step.Text, "publishes for True [redacted: client token] VP8 50") || !strings.Contains(r.Step.Text, "mute video True") {
		t.Errorf("stderr in the evidence: %+v", r.Step)
	}
}

// patience is how long an adapter may take on busy processors.
const patience = config.Duration(time.Minute)

// scripted is an adapter that writes lines whatever it is told, and then does what the rest says.
func scripted(lines, then string) config.Adapter {
	return config.Adapter{Run: []string{"sh", "-c", "cat <<'END'\n" + lines + "\nEND\n" + then}, AnswerWithin: patience}
}

// hasty is an adapter that is given up after a second.
func hasty(a config.Adapter) config.Adapter {
	a.AnswerWithin = config.Duration(time.Second)
	return a
}

const hello = `{"event":"hello","protocol":1,"name":"test","can":["connect"]}`

func TestAdaptersThatDoNotStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config.Adapter
		want string
	}{
		"no program":    {config.Adapter{Run: []string{"/no/such/program"}}, "/no/such/program"},
		"ends":          {scripted("", "echo why >&2; exit 3"), "exit status 3; its log ends with:\nwhy"},
		"no hello":      {hasty(scripted("", "sleep 60")), "no line with the event hello within 1s"},
		"no JSON":       {scripted("hello", "sleep 60"), "line 1 of the adapter"},
		"other version": {scripted(`{"event":"hello","protocol":2}`, "sleep 60"), "protocol 2, want 1"},
		"other ability": {scripted(`{"event":"hello","protocol":1,"can":["fly"]}`, "sleep 60"), `unknown "fly"`},
		"unknown word":  {scripted(`{"event":"hello","protocol":1,"cane":[]}`, "sleep 60"), "cane"},
		"long line":     {scripted("", "head -c 1100000 /dev/zero | tr '\\0' x; sleep 60"), "longer than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d, err := Start(t.Context(), config.Publisher{Command: c.Adapter}, t.TempDir(), journal(t)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
				if err == nil {
					_ = d.Close()
				}
			}
		})
	}
}

func TestAdaptersThatBreakTheProtocol(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ lines, want string }{
		"answer to nothing":   {hello + "\n" + `{"id":9}`, "command 9, which was not given"},
		"unknown client":      {hello + "\n" + `{"event":"closed","client":"x"}`, `unknown client "x"`},
		"unknown publication": {hello + "\n" + `{"event":"ended","publication":"x"}`, `unknown publication "x"`},
		"unknown event":       {hello + "\n" + `{"event":"dance"}`, `unknown event "dance"`},
		"two hellos":          {hello + "\n" + hello + "\n" + hello, "a second hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := journal(t)
			d, err := Start(t.Context(), config.Publisher{Command: scripted(c.lines, "sleep 60")}, t.TempDir(), j)
			if err == nil {
				_, err = d.Publish(t.Context(), publisher.Options{Client: client(j), Label: "publish.alice", Name: "alice", Video: "vp8-01"})
				_ = d.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestAnAdapterThatDoesNotAnswerIsGivenUp(t *testing.T) {
	t.Parallel()
	j := journal(t)
	a := scripted(hello, "sleep 60")
	a.AnswerWithin = config.Duration(3 * time.Second)
	d, err := Start(t.Context(), config.Publisher{Command: a}, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Publish(t.Context(), publisher.Options{Client: client(j), Label: "publish.alice", Name: "alice", Video: "vp8-01"})
	if err == nil || !strings.Contains(err.Error(), "no answer of the adapter within 3s") {
		t.Errorf("error %v", err)
	}
	_ = d.Close()
}

// TestAnAdapterThatFailsIsInTheEvidence checks that the evidence says when an adapter ended or fell silent, and nothing of one that was asked to end.
func TestAnAdapterThatFailsIsInTheEvidence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ then, want string }{
		"ends":         {"read command; echo why >&2; exit 3", "the adapter ended: exit status 3; its log ends with:\nwhy"},
		"is silent":    {"sleep 60", "the adapter said nothing for "},
		"does as told": {"cat >/dev/null", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := journal(t)
			d, err := Start(t.Context(), config.Publisher{Command: hasty(scripted(hello, c.then))}, t.TempDir(), j)
			if err != nil {
				t.Fatal(err)
			}
			if c.want != "" {
				if _, err := d.Publish(t.Context(), publisher.Options{Client: client(j), Label: "publish.alice", Name: "alice", Video: "vp8-01"}); err == nil {
					t.Error("no error")
				}
				<-d.Gone()
			}
			_ = d.Close()
			var got []string
			for _, r := range j.View().Harness().Records {
				got = append(got, r.Harness.Kind+": "+r.Harness.Message)
			}
			if (c.want == "") != (len(got) == 0) || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], evidence.AdapterEnded+": "+c.want)) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestTracksThatCannotBe(t *testing.T) {
	t.Parallel()
	track := func(members string) string {
		return hello + "\n" + `{"event":"track","publication":"publication-1","track":{` + members + `}}`
	}
	for name, c := range map[string]struct{ line, want string }{
		"kind":     {track(`"kind":"video"`), "not what the publication is made of"},
		"epoch":    {track(`"kind":"audio","epoch":"2001-01-01T00:00:00Z"`), "want the moment at which unit 0 was due"},
		"unsent":   {track(`"kind":"audio","epoch":"EPOCH","unsent":[{"from":5,"to":4}]`), "ranges of units"},
		"negative": {track(`"kind":"audio","epoch":"EPOCH","units":-1`), "want none negative"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := journal(t)
			line := strings.ReplaceAll(c.line, "EPOCH", time.Now().UTC().Format(time.RFC3339Nano))
			first, second, _ := strings.Cut(line, "\n")
			d, err := Start(t.Context(), config.Publisher{Command: config.Adapter{Run: []string{"sh", "-c", "echo '" + first + "'; read command; echo '" + second + "'; sleep 60"}}}, t.TempDir(), j)
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Publish(t.Context(), publisher.Options{Client: client(j), Label: "publish.alice", Name: "alice", Audio: "tone-01"})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			_ = d.Close()
		})
	}
}

func TestCloseEndsTheChildrenOfTheAdapter(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "child")
	d, err := Start(context.Background(), config.Publisher{Command: scripted(hello, "sleep 600 2>/dev/null & echo $! > "+file+"; read rest; wait")}, t.TempDir(), journal(t))
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	for end := time.Now().Add(5 * time.Second); pid == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		pid = pidIn(file)
	}
	if pid == 0 {
		t.Fatal("the adapter started no child")
	}
	if err := d.Close(); err == nil {
		t.Error("an adapter that had to be killed was not reported")
	}
	for end := time.Now().Add(5 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("child %d lives", pid)
		}
	}
}

func pidIn(file string) (pid int) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for _, c := range strings.TrimSpace(string(b)) {
		pid = pid*10 + int(c-'0')
	}
	return pid
}

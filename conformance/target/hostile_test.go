package target

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelcheck/conformance/evidence"
)

var hostileAnswers = map[string]http.HandlerFunc{
	"an endless body": func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write(make([]byte, 64<<10))
		}
	},
	"a body that drips": func(w http.ResponseWriter, r *http.Request) {
		for range 100 {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	},
	"a length of 10 GB": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10737418240")
		_, _ = io.WriteString(w, "{}")
	},
	"deep JSON": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, strings.Repeat("[", 1<<20))
	},
	"deep JSON that ends": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, strings.Repeat(`{"id":`, 9900)+"1"+strings.Repeat("}", 9900))
	},
	"a flood of headers": func(w http.ResponseWriter, _ *http.Request) {
		for i := range 20_000 {
			w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 100))
		}
	},
	"a redirect to itself": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
	},
	"no HTTP": func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(c, "\x00\xff\x00\xff 200 OK\r\n\r\n")
			_ = c.Close()
		}
	},
}

// told has what the evidence says of hostile answers that are not read whole.
var told = map[string]string{
	"an endless body":    "the answer is longer than 8388608 bytes",
	"a body that drips":  "the answer did not end within 2s",
	"deep JSON":          "the answer is no JSON: `" + strings.Repeat("[", 80) + "…`",
	"a flood of headers": "the headers of the answer are longer than 65536 bytes",
}

// TestHostileAnswers checks that no answer takes longer than the time-out of a call, or more room than its limits, and that the evidence tells it.
func TestHostileAnswers(t *testing.T) {
	for name, h := range hostileAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := client(t, h)
			began := time.Now()
			for _, keep := range []io.Writer{nil, io.Discard} {
				call := Call{Label: "get", Method: http.MethodGet, Path: "/v2/project/" + appID + "/archive/" + archiveID, As: evidence.AsUnified,
					Header: http.Header{"Accept": {"application/json"}}, Follow: keep != nil}
				if keep != nil {
					call.Keep = &limited{keep, 64 << 20}
				}
				a, err := cl.Do(t.Context(), call)
				if err != nil {
					t.Error(err)
				}
				if got := cmp.Or(a.Exchange.Unread(), a.Exchange.Error); keep == nil && told[name] != "" && got != told[name] {
					t.Errorf("told as %q", got)
				}
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			for _, r := range cl.Journal.View().Exchanges().Records {
				if n := len(fmt.Sprint(r.Exchange.Response)); n > 3<<20 {
					t.Errorf("a record of %d bytes", n)
				}
			}
		})
	}
}

// limited is a file on a small disk.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestDownloadLinksToThisMachineAlone(t *testing.T) {
	for _, c := range []struct {
		base, link string
		refused    bool
	}{
		{"https://recorder.example", "http://169.254.169.254/latest/meta-data/", true},
		{"http://127.0.0.1:1", "http://169.254.169.254/latest/meta-data/", true},
		{"http://127.0.0.1:1", "http://[fd00:ec2::254]/", true},
		{"https://recorder.example", "http://127.0.0.1:1/", true},
		{"https://recorder.example", "http://localhost:1/", true},
		{"https://recorder.example", "http://0.0.0.0:1/", true},
		{"https://recorder.example", "http://[::ffff:127.0.0.1]:1/", true},
		{"http://localhost:2", "http://127.0.0.1:1/", false},
	} {
		cl := client(t, answer(http.StatusOK, "{}"))
		cl.Base = c.base
		a, err := cl.Do(t.Context(), Call{Label: "file", Method: http.MethodGet, Path: c.link, As: evidence.AsNobody, Follow: true, Deliberate: true, Timeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(a.Exchange.Error, "is not followed"); got != c.refused {
			t.Errorf("%s from %s: %q", c.link, c.base, a.Exchange.Error)
		}
	}
	if !cloudMetadata.Is6() || netip.MustParseAddr("169.254.169.254").IsLinkLocalUnicast() == false {
		t.Error("the addresses of metadata are not what they were")
	}
}

// TestFloodOfEvents checks that a connection ends when the target sends more than a session can cause.
func TestFloodOfEvents(t *testing.T) {
	cl := client(t, func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"reelcheck.events"}})
		if err != nil {
			return
		}
		defer ws.CloseNow()
		for ws.Write(r.Context(), websocket.MessageText, []byte(`{"type":"connectionCreated","connectionId":"c1"}`)) == nil {
		}
	})
	k, err := cl.Connect(t.Context(), "connect", "alice", sessionID, "token-of-alice", events(cl, "token-of-alice"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	select {
	case <-k.Ended():
	case <-ctx.Done():
		t.Fatal("the flood has no end")
	}
	seen := cl.Journal.View().Clients().Records
	last := seen[len(seen)-1].Client
	if len(seen) > maxMessages+2 || last.Event != "close" || !last.Lost || !strings.Contains(last.Body.Text, "more than") {
		t.Errorf("%d records, the last one %+v", len(seen), last)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add(200, "application/json", []byte(archiveJSON))
	f.Add(200, "application/json", []byte(`{"items":[`+archiveJSON+`],"count":1}`))
	f.Add(404, "text/html; charset=\xff", []byte("<html>"))
	f.Add(200, "application/json", bytes.Repeat([]byte("["), 20_000))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		cl := client(t, answer(200, ""))
		cl.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
		})
		for _, path := range []string{"/v2/project/" + appID + "/archive", "/v2/project/" + appID + "/archive/" + archiveID} {
			a, err := cl.Do(t.Context(), Call{Label: "get", Method: http.MethodGet, Path: path, As: evidence.AsUnified})
			if err != nil {
				t.Fatal(err)
			}
			a.JSON()
			_ = a.String("id")
		}
		if _, _, err := evidence.Open(cl.Journal.Dir()); err != nil {
			t.Errorf("the evidence cannot be read back: %v", err)
		}
	})
}

// lines is a link that brings messages and then ends.
type lines [][]byte

func (l *lines) Read() ([]byte, error) {
	if len(*l) == 0 {
		return nil, io.EOF
	}
	first := (*l)[0]
	*l = (*l)[1:]
	return first, nil
}

func (*lines) Leave() {}
func (*lines) Drop()  {}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"type":"connected","connectionId":"c1"}`), []byte(`{"type":"archiveStarted","archive":{"id":"a","name":"n"}}`))
	f.Add([]byte(`{"connectionId":1}`), []byte("\xff\x00"))
	f.Add([]byte(`{"connectionId":"c1"}`), bytes.Repeat([]byte("["), 20_000))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		cl := client(t, answer(200, ""))
		k, err := cl.Connect(t.Context(), "connect", "alice", sessionID, "token-of-alice", func(context.Context) (Link, error) { return &lines{first, second}, nil })
		if err == nil {
			<-k.Ended()
			k.Leave()
		}
		v, _, err := evidence.Open(cl.Journal.Dir())
		if err != nil {
			t.Fatalf("the evidence cannot be read back: %v", err)
		}
		n := 0
		for _, r := range v.Clients().Records {
			if r.Client.Event == "message" {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d messages in the evidence, want 2", n)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

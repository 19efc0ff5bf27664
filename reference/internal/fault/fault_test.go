package fault

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTransport(t *testing.T) {
	arrived := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }))
	defer server.Close()
	var b Board
	b.Arm("app", Fault{Kind: Webhook, Times: 1, Mode: Status, Status: 503})
	b.Arm("app", Fault{Kind: Webhook, Times: 1, Mode: Refused})
	b.Arm("app", Fault{Kind: Webhook, Times: 1, Mode: Slow, Delay: 20 * time.Millisecond})
	send := func(app string) (int, time.Duration, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		answer, err := b.Transport(app, Webhook, http.DefaultTransport).RoundTrip(r)
		if err != nil {
			return 0, time.Since(began), err
		}
		return answer.StatusCode, time.Since(began), answer.Body.Close()
	}
	if code, _, err := send("other"); code != 200 || err != nil || arrived != 1 {
		t.Errorf("another application: %d %v", code, err)
	}
	if code, _, err := send("app"); code != 503 || err != nil || arrived != 1 {
		t.Errorf("status: %d %v, arrived %d", code, err, arrived)
	}
	if _, _, err := send("app"); !errors.Is(err, syscall.ECONNREFUSED) || arrived != 1 {
		t.Errorf("refused: %v, arrived %d", err, arrived)
	}
	if code, took, err := send("app"); code != 200 || err != nil || took < 20*time.Millisecond || arrived != 2 {
		t.Errorf("slow: %d %v after %v", code, err, took)
	}
	if code, _, err := send("app"); code != 200 || err != nil || len(b.Armed("app")) != 0 {
		t.Errorf("spent: %d %v, %v", code, err, b.Armed("app"))
	}
}

func TestEncoder(t *testing.T) {
	var b Board
	var killed []string
	kill := func(name string) func() { return func() { killed = append(killed, name) } }
	gone := b.Encoder("app", kill("old"))
	b.Encoder("app", kill("at work"))
	gone()
	b.Arm("app", Fault{Kind: Encoder, Times: 2})
	b.Encoder("app", kill("next"))
	b.Encoder("app", kill("last"))
	if got := strings.Join(killed, ","); got != "at work,next" {
		t.Errorf("killed %s", got)
	}
}

func TestWriter(t *testing.T) {
	var b Board
	var out bytes.Buffer
	w := b.Writer("app", &out)
	if _, err := w.Write([]byte("ab")); err != nil {
		t.Error(err)
	}
	b.Arm("app", Fault{Kind: Disk, Times: 1})
	for range 2 { // the disk stays full for the rest of the attempt
		if _, err := w.Write([]byte("cd")); !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
	}
	if _, err := b.Writer("app", &out).Write([]byte("ef")); err != nil || out.String() != "abef" {
		t.Errorf("%q %v", out.String(), err)
	}
}

func TestNone(t *testing.T) {
	var b *Board
	if b.Transport("app", Storage, http.DefaultTransport) != http.DefaultTransport || b.Writer("app", &bytes.Buffer{}) == nil {
		t.Error("nil struck")
	}
	b.Encoder("app", func() { t.Error("killed") })()
	var armed Board
	armed.Arm("app", Fault{Kind: Disk, Times: 1})
	armed.Clear("app")
	if len(armed.Armed("app")) != 0 {
		t.Error("not cleared")
	}
}

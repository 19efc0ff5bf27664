package browser

import (
	"encoding/binary"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
	"reelcheck/fixtures"
)

func TestServesFixturesAndOnePage(t *testing.T) {
	t.Parallel()
	sockets := make(chan *websocket.Conn, 1)
	srv := httptest.NewServer(handler(ours, sockets))
	defer srv.Close()
	for path, status := range map[string]int{
		"/": 200, "/fixtures/vp8-01.ivf": 200, "/fixtures/tone-01.pcm": 200, "/fixtures/tone-01.ivf": 404, "/fixtures/..%2fmanifest.json": 404, "/page": 404,
	} {
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s answered %d, want %d", path, resp.StatusCode, status)
		}
	}
	for i, want := range []int{101, 409} {
		ws, resp, err := websocket.Dial(t.Context(), srv.URL+"/lines", nil)
		if resp == nil || resp.StatusCode != want {
			t.Fatalf("page %d: %v, want %d", i, err, want)
		}
		if ws != nil {
			defer ws.CloseNow()
		}
	}
	_ = (<-sockets).CloseNow()
}

func TestSamplesAreOneWholeLoop(t *testing.T) {
	t.Parallel()
	m, err := fixtures.Load()
	if err != nil {
		t.Fatal(err)
	}
	tone, err := m.Tone("tone-01")
	if err != nil {
		t.Fatal(err)
	}
	b, err := samples(tone)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(b)/2, tone.Count*tone.PacketMS*rate/1000; got != want {
		t.Errorf("%d samples, want %d", got, want)
	}
	loudest := int16(0)
	for i := 0; i < len(b); i += 2 {
		loudest = max(loudest, int16(binary.LittleEndian.Uint16(b[i:])))
	}
	if loudest < 1000 {
		t.Errorf("the loudest sample is %d of 32767", loudest)
	}
}

func TestABrowserThatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := Start(t.Context(), config.Publisher{Browser: config.Browser{Path: "/no/such/browser"}}, t.TempDir(), nil); err == nil {
		t.Error("started")
	}
	for program, want := range map[string]string{"false": "ended, exit status 1, before", "true": "ended, without an error, before"} {
		if _, err := Start(t.Context(), config.Publisher{Browser: config.Browser{Path: program}}, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a browser that ends: %v, want %q", err, want)
		}
	}
}

var chromium = flag.Bool("chromium", false, "run the test that starts Chromium")

func TestThePageSaysHelloAndIsRefused(t *testing.T) {
	if !*chromium {
		t.Skip("only with -chromium, as `make conformance-browser` has it")
	}
	j, err := evidence.Create(filepath.Join(t.TempDir(), "evidence"), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	d, err := Start(t.Context(), config.Publisher{}, t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	if want := []config.Ability{config.CanConnect, config.CanMute}; !slices.Equal(d.Can(), want) {
		t.Errorf("the page can %v, want %v", d.Can(), want)
	}
	nobody := httptest.NewServer(http.NotFoundHandler())
	defer nobody.Close()
	client := &target.Client{Base: nobody.URL, Scenario: "scenario", Journal: j}
	var refused *target.RefusedError
	_, err = d.Publish(t.Context(), publisher.Options{Client: client, Label: "publish.alice", Name: "alice", Session: "s", Token: "token-of-alice", Video: "vp8-01", Audio: "tone-01"})
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("published: %v, want a refusal with 404", err)
	}
	_, err = d.Connect(t.Context(), publisher.Entry{Client: client, Label: "join.alice", Name: "alice", Session: "s", Token: "token-of-alice"})
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("connected: %v, want a refusal with 404", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/getkin/kin-openapi/openapi3"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/gateway"
)

var described = sync.OnceValues(func() (*openapi3.T, error) { return openapi3.NewLoader().LoadFromFile("../../../openapi.yaml") })

// read returns the next message and checks it against openapi.yaml.
func read(t *testing.T, socket *websocket.Conn) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	kind, raw, err := socket.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var event map[string]any
	if err := json.Unmarshal(raw, &event); err != nil || kind != websocket.MessageText {
		t.Fatalf("message %v %q: %v", kind, raw, err)
	}
	doc, err := described()
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Components.Schemas["ClientEvent"].Value.VisitJSON(event); err != nil {
		t.Errorf("message %s is not as described: %v", raw, err)
	}
	return event
}

func closed(t *testing.T, socket *websocket.Conn) websocket.StatusCode {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if _, _, err := socket.Read(ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func TestConnectedTellsWhatWasThere(t *testing.T) {
	h := newTestServer(t)
	h.present.Connections = []archive.Connection{{ID: "c0", Data: "first", CreatedAt: start}}
	h.present.Streams = []archive.Stream{{ID: "s0", ConnectionID: "c0", Name: "cam", VideoType: "screen", HasVideo: true, CreatedAt: start}}
	h.present.Archives = []archive.Archive{{ID: "a0", Name: "rec", Status: archive.Paused}, {ID: "a1", Status: archive.Stopped}}
	socket := h.dial(t, "who=me")
	if socket.Subprotocol() != gateway.Protocol {
		t.Errorf("subprotocol %q", socket.Subprotocol())
	}
	e := read(t, socket)
	id, _ := h.only(t)
	own, _ := e["connection"].(map[string]any)
	if e["type"] != "connected" || e["connectionId"] != id || e["sessionId"] != sessionID || own["data"] != "who=me" || own["id"] != id {
		t.Errorf("first message %v", e)
	}
	for member, want := range map[string]string{"connections": "c0", "streams": "s0", "archives": "a0"} {
		list, _ := e[member].([]any)
		if len(list) != 1 || list[0].(map[string]any)["id"] != want {
			t.Errorf("%s = %v, want only %s", member, list, want)
		}
	}
}

func TestEventsComeInOrder(t *testing.T) {
	h := newTestServer(t)
	socket := h.dial(t, "me")
	read(t, socket)
	_, notices := h.only(t)
	other := archive.Connection{ID: "c1", Data: "d", CreatedAt: start}
	stream := archive.Stream{ID: "s1", ConnectionID: "c1", HasAudio: true, CreatedAt: start}
	for _, n := range []archive.Notice{
		{Kind: archive.ConnectionCreated, Connection: other},
		{Kind: archive.StreamCreated, Connection: other, Stream: stream},
		{Kind: archive.ArchiveStarted, ArchiveID: "a1", Name: "rec"},
		{Kind: archive.ArchiveStopped, ArchiveID: "a1"},
		{Kind: archive.StreamDestroyed, Connection: other, Stream: stream, Reason: "mediaStopped"},
		{Kind: archive.ConnectionDestroyed, Connection: other, Reason: "networkDisconnected"},
		{Kind: "sessionNotification", Reason: "serverRotation"},
	} {
		n.At = start
		notices <- n
		e := read(t, socket)
		if e["type"] != string(n.Kind) || e["timestamp"] != float64(start.UnixMilli()) {
			t.Errorf("event %v, want %s", e, n.Kind)
		}
		for member, want := range map[string]string{"connection": n.Connection.ID, "stream": n.Stream.ID, "archive": n.ArchiveID} {
			got, _ := e[member].(map[string]any)
			if (got != nil) != (want != "") || got != nil && got["id"] != want {
				t.Errorf("%s: %s = %v, want %q", n.Kind, member, got, want)
			}
		}
		if reason, _ := e["reason"].(string); reason != n.Reason {
			t.Errorf("%s: reason %q, want %q", n.Kind, reason, n.Reason)
		}
	}
}

func TestHowConnectionsEnd(t *testing.T) {
	for _, tc := range []struct {
		name string
		end  func(*testing.T, testServer, *websocket.Conn)
		line string
		code websocket.StatusCode // seen by the client; -1 = none
	}{
		{"closed by the client", func(_ *testing.T, _ testServer, s *websocket.Conn) { _ = s.Close(websocket.StatusNormalClosure, "") }, "disconnect clientDisconnected", 0},
		{"left by the client", func(_ *testing.T, _ testServer, s *websocket.Conn) { _ = s.Close(websocket.StatusGoingAway, "") }, "disconnect clientDisconnected", 0},
		{"broken", func(_ *testing.T, _ testServer, s *websocket.Conn) { _ = s.CloseNow() }, "disconnect networkDisconnected", 0},
		{"forced", func(t *testing.T, h testServer, _ *websocket.Conn) {
			id, _ := h.only(t)
			if err := h.session.Disconnect(t.Context(), sessionID, id, "forceDisconnected"); err != nil {
				t.Error(err)
			}
		}, "disconnect forceDisconnected", 4001},
		{"too slow", func(t *testing.T, h testServer, _ *websocket.Conn) {
			id, c := h.only(t)
			h.mu.Lock()
			defer h.mu.Unlock()
			delete(h.clients, id)
			close(c)
		}, "disconnect networkDisconnected", 4002},
		{"server shuts down", func(_ *testing.T, h testServer, _ *websocket.Conn) { go h.Close() }, "disconnect networkDisconnected", websocket.StatusGoingAway},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newTestServer(t)
			socket := h.dial(t, "me")
			read(t, socket)
			tc.end(t, h, socket)
			if tc.code > 0 {
				if code := closed(t, socket); code != tc.code {
					t.Errorf("close code %d, want %d", code, tc.code)
				}
			}
			h.wait(t, tc.line)
			h.Close() // waits for all goroutines, so one that hangs fails the test
		})
	}
}

// TestCloseWhileEventsAreSent checks that a client that says goodbye while it is told something leaves as a client.
func TestCloseWhileEventsAreSent(t *testing.T) {
	h := newTestServer(t)
	for range 30 {
		socket := h.dial(t, "me")
		read(t, socket)
		h.mu.Lock()
		h.log = nil
		h.mu.Unlock()
		var teller sync.WaitGroup
		teller.Go(func() {
			for told := true; told; {
				h.mu.Lock()
				told = len(h.clients) > 0
				for _, c := range h.clients {
					if len(c) < cap(c)/2 { // Disconnect adds one
						c <- archive.Notice{Kind: archive.ArchiveStarted, At: start, ArchiveID: "a"}
					}
				}
				h.mu.Unlock()
			}
		})
		_ = socket.Close(websocket.StatusNormalClosure, "")
		teller.Wait()
		if ends := h.lines(); !slices.Contains(ends, "disconnect clientDisconnected") {
			t.Fatalf("%q", ends)
		}
	}
}

func TestDeafClientIsDropped(t *testing.T) {
	h := newTestServer(t, func(c *gateway.Config) { c.Ping, c.Patience = 10*time.Millisecond, 50*time.Millisecond })
	socket := h.dial(t, "me")
	read(t, socket) // no further message must come; the read is needed to answer pings
	h.wait(t, "disconnect networkDisconnected")
}

func TestWhatTheClientSendsIsIgnored(t *testing.T) {
	h := newTestServer(t)
	socket := h.dial(t, "me")
	read(t, socket)
	if err := socket.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	_, notices := h.only(t)
	notices <- archive.Notice{Kind: archive.ArchiveStopped, ArchiveID: "a", At: start}
	if e := read(t, socket); e["type"] != "archiveStopped" {
		t.Errorf("event %v", e)
	}
	if err := socket.Write(t.Context(), websocket.MessageBinary, make([]byte, 64<<10)); err != nil {
		t.Logf("write: %v", err)
	}
	h.wait(t, "disconnect networkDisconnected")
}

func TestBadHandshakesConnectNobody(t *testing.T) {
	h := newTestServer(t)
	good := map[string]string{"Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
	for _, tc := range []struct {
		header, value string
		code          int
	}{
		{"Connection", "close", 426}, {"Upgrade", "h2c", 426}, {"Sec-WebSocket-Version", "8", 426}, {"Sec-WebSocket-Key", "x", 400}, {"Sec-WebSocket-Key", "", 400},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range good {
			r.Header.Set(k, v)
		}
		r.Header.Set(tc.header, tc.value)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != tc.code {
			t.Errorf("%s %q: %d, want %d", tc.header, tc.value, response.StatusCode, tc.code)
		}
	}
	if lines := h.lines(); len(lines) > 0 {
		t.Errorf("something happened: %q", lines)
	}
}

func TestClosedGatewayRefuses(t *testing.T) {
	h := newTestServer(t)
	h.Close()
	if r := h.do(t, http.MethodPost, "/whip", "me", "application/sdp", "v=0"); r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%d", r.StatusCode)
	}
}

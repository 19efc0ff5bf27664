package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/gateway"
	"reelcheck/reference/internal/ingest"
)

// publish publishes a stream and returns the path of its resource, relative to the session.
func (h testServer) publish(t *testing.T, token, query string) string {
	t.Helper()
	r := h.do(t, http.MethodPost, "/whip?"+query, token, "application/sdp", "v=0")
	if r.StatusCode != http.StatusCreated || r.Header.Get("ETag") == "" || r.Header.Get("Content-Type") != "application/sdp" {
		t.Fatalf("publish: %d %v", r.StatusCode, r.Header)
	}
	path, ok := strings.CutPrefix(r.Header.Get("Location"), "/v2/session/"+sessionID)
	if !ok {
		t.Fatalf("Location %q", r.Header.Get("Location"))
	}
	return path
}

func TestPublishWithoutConnectionMakesOne(t *testing.T) {
	h := newTestServer(t)
	path := h.publish(t, "me", "name=cam")
	h.wait(t, "connect me")
	if got := h.lines(); len(got) != 2 || got[0] != "offer cam" {
		t.Errorf("log %q: a client must be connected only after its offer is accepted", got)
	}
	if r := h.do(t, http.MethodPatch, path, "me", "application/trickle-ice-sdpfrag", ""); r.StatusCode != http.StatusNoContent {
		t.Errorf("PATCH: %d", r.StatusCode)
	}
	for _, method := range []string{http.MethodPatch, http.MethodDelete} {
		if r := h.do(t, method, path, "somebody else", "", ""); r.StatusCode != http.StatusForbidden {
			t.Errorf("%s with another token: %d", method, r.StatusCode)
		}
		if r := h.do(t, method, path+"x", "me", "", ""); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s of an unknown stream: %d", method, r.StatusCode)
		}
	}
	if r := h.do(t, http.MethodDelete, path, "me", "", ""); r.StatusCode != http.StatusOK {
		t.Errorf("DELETE: %d", r.StatusCode)
	}
	h.wait(t, "disconnect clientDisconnected")
	if r := h.do(t, http.MethodDelete, path, "me", "", ""); r.StatusCode != http.StatusNotFound {
		t.Errorf("second DELETE: %d", r.StatusCode)
	}
	h.Close()
}

func TestFragments(t *testing.T) {
	const fragment = "application/trickle-ice-sdpfrag"
	h := newTestServer(t)
	path := h.publish(t, "me", "name=cam")
	for _, tc := range []struct {
		name, contentType, body string
		code                    int
	}{
		{"candidates", fragment, "a=candidate:", 204},
		{"of another session", fragment, "other", 412},
		{"no content type", "", "a=candidate:", 415},
		{"another content type", "application/sdp", "a=candidate:", 415},
		{"large", fragment, strings.Repeat("v", 70000), 413},
	} {
		if r := h.do(t, http.MethodPatch, path, "me", tc.contentType, tc.body); r.StatusCode != tc.code {
			t.Errorf("%s: %d, want %d", tc.name, r.StatusCode, tc.code)
		}
	}
	r := h.do(t, http.MethodPatch, path, "me", fragment, "restart")
	if r.StatusCode != 200 || r.Header.Get("ETag") != `"f"` || r.Header.Get("Content-Type") != fragment {
		t.Errorf("restart: %d, %v", r.StatusCode, r.Header)
	}
	h.Close()
}

func TestPreflight(t *testing.T) {
	h := newTestServer(t)
	r := h.do(t, http.MethodOptions, "/whip", "", "", "")
	for key, want := range map[string]string{"Access-Control-Allow-Methods": "PATCH", "Access-Control-Allow-Headers": "If-Match",
		"Accept-Post": "application/sdp", "Accept-Patch": "application/trickle-ice-sdpfrag"} {
		if got := r.Header.Get(key); r.StatusCode != http.StatusNoContent || !strings.Contains(got, want) {
			t.Errorf("%d, %s: %q without %q", r.StatusCode, key, got, want)
		}
	}
	h.Close()
}

func TestPublishOnAConnection(t *testing.T) {
	h := newTestServer(t)
	socket := h.dial(t, "me")
	id, _ := read(t, socket)["connectionId"].(string)
	h.publish(t, "me", "name=cam&connectionId="+id+"&videoType=screen&layoutClassList=a+b")
	h.mu.Lock()
	for _, who := range h.offers {
		if who.Stream.ConnectionID != id || who.Stream.VideoType != "screen" || strings.Join(who.Stream.LayoutClasses, ",") != "a,b" || who.ApplicationID != "app" {
			t.Errorf("published as %+v", who)
		}
	}
	h.mu.Unlock()
	h.publish(t, "me", "name=second&connectionId="+id)
	if err := socket.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	h.wait(t, "disconnect clientDisconnected")
	h.wait(t, "end cam clientDisconnected")
	h.wait(t, "end second clientDisconnected")
	h.Close()
	if got := h.lines(); len(got) != 6 {
		t.Errorf("log %q", got)
	}
}

func TestForcedOutPublisherStopsPublishing(t *testing.T) {
	h := newTestServer(t)
	h.publish(t, "me", "name=cam")
	id, _ := h.only(t)
	if err := h.session.Disconnect(t.Context(), sessionID, id, "forceDisconnected"); err != nil {
		t.Fatal(err)
	}
	h.wait(t, "end cam forceDisconnected")
}

func TestLostPublisherIsDisconnected(t *testing.T) {
	h := newTestServer(t)
	path := h.publish(t, "me", "name=cam")
	h.endStream(strings.TrimPrefix(path, "/whip/"), ingest.NetworkDisconnected)
	h.wait(t, "disconnect networkDisconnected")
}

func TestUnpublishedClientLeavesAsAClient(t *testing.T) {
	h := newTestServer(t)
	path := h.publish(t, "me", "name=cam")
	h.endStream(strings.TrimPrefix(path, "/whip/"), ingest.ForceUnpublished)
	h.wait(t, "disconnect clientDisconnected")
}

func TestCloseEndsPublishing(t *testing.T) {
	h := newTestServer(t)
	h.publish(t, "me", "name=cam")
	h.Close()
	if got := strings.Join(h.lines(), "; "); got != "offer cam; connect me; disconnect networkDisconnected; end cam networkDisconnected" {
		t.Errorf("log %q", got)
	}
}

func TestRefusedOffers(t *testing.T) {
	h := newTestServer(t)
	socket := h.dial(t, "me")
	id, _ := read(t, socket)["connectionId"].(string)
	for _, tc := range []struct {
		name, token, query, contentType, body string
		code                                  int
	}{
		{"subscriber", "subscriber", "", "application/sdp", "v=0", 403},
		{"no SDP", "me", "", "application/sdp", "x", 422},
		{"no content type", "me", "", "", "v=0", 415},
		{"another content type", "me", "", "application/json", "v=0", 415},
		{"large", "me", "", "application/sdp", strings.Repeat("v", 70000), 413},
		{"connection of another token", "you", "connectionId=" + id, "application/sdp", "v=0", 403},
		{"unknown connection", "me", "connectionId=00000000-0000-4000-8000-000000000000", "application/sdp", "v=0", 404},
		{"bad connection", "me", "connectionId=x", "application/sdp", "v=0", 400},
		{"empty connection", "me", "connectionId=", "application/sdp", "v=0", 400},
		{"bad type", "me", "videoType=film", "application/sdp", "v=0", 400},
		{"long name", "me", "name=" + strings.Repeat("n", 1001), "application/sdp", "v=0", 400},
		{"long classes", "me", "layoutClassList=" + strings.Repeat("n", 1024), "application/sdp", "v=0", 400},
		{"name twice", "me", "name=a&name=b", "application/sdp", "v=0", 400},
	} {
		if r := h.do(t, http.MethodPost, "/whip?"+tc.query, tc.token, tc.contentType, tc.body); r.StatusCode != tc.code {
			t.Errorf("%s: %d, want %d", tc.name, r.StatusCode, tc.code)
		}
	}
	if got := h.lines(); len(got) != 1 {
		t.Errorf("something happened: %q", got)
	}
}

func TestOfferThatEndsWhileItIsAnswered(t *testing.T) {
	t.Run("the publication", func(t *testing.T) {
		h := newTestServer(t)
		h.offer = func(who ingest.Publisher) error {
			h.endStream(who.Stream.ID, ingest.NetworkDisconnected)
			return nil
		}
		if r := h.do(t, http.MethodPost, "/whip?name=cam", "me", "application/sdp", "v=0"); r.StatusCode != http.StatusConflict {
			t.Errorf("%d", r.StatusCode)
		}
		h.wait(t, "disconnect networkDisconnected")
		h.Close()
	})
	t.Run("the connection", func(t *testing.T) {
		h := newTestServer(t)
		socket := h.dial(t, "me")
		id, _ := read(t, socket)["connectionId"].(string)
		h.offer = func(ingest.Publisher) error {
			err := socket.Close(websocket.StatusNormalClosure, "")
			h.wait(t, "end cam clientDisconnected")
			return err
		}
		if r := h.do(t, http.MethodPost, "/whip?name=cam&connectionId="+id, "me", "application/sdp", "v=0"); r.StatusCode != http.StatusConflict {
			t.Errorf("%d", r.StatusCode)
		}
	})
	t.Run("the session", func(t *testing.T) {
		h := newTestServer(t)
		h.offer = func(ingest.Publisher) error {
			return &archive.Error{Kind: archive.Unavailable, Message: "later"}
		}
		if r := h.do(t, http.MethodPost, "/whip?name=cam", "me", "application/sdp", "v=0"); r.StatusCode != http.StatusServiceUnavailable ||
			r.Header.Get("Retry-After") == "" {
			t.Errorf("%d", r.StatusCode)
		}
		if len(h.lines()) != 1 {
			t.Errorf("log %q", h.lines())
		}
	})
}

// TestPublishBelowAPath checks that a client that reaches the server below a path gets a location below that path.
func TestPublishBelowAPath(t *testing.T) {
	h := newTestServer(t, func(c *gateway.Config) { c.Reference = func(path string) string { return "/video" + path } })
	r := h.do(t, http.MethodPost, "/whip?name=cam", "me", "application/sdp", "v=0")
	if at := r.Header.Get("Location"); r.StatusCode != http.StatusCreated || !strings.HasPrefix(at, "/video/v2/session/"+sessionID+"/whip/") {
		t.Errorf("%d, Location %q", r.StatusCode, at)
	}
	h.Close()
}

package api_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"reelcheck/reference/internal/account/accounttest"
	"reelcheck/reference/internal/api"
)

func TestEventsTokens(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	unified := app.Client(t, start, sessionID, accounttest.Claims{"connection_data": "me"})
	protocol := func(token string) []string {
		return []string{api.EventsProtocol, "token." + base64.RawURLEncoding.EncodeToString([]byte(token))}
	}
	t1 := app.T1(start, sessionID, map[string]string{"connection_data": "me"})
	for _, tc := range []struct {
		name, bearer string
		protocols    []string
		query        string
		status       int
	}{
		{"bearer", unified, nil, "", 101},
		{"bearer with protocol", unified, []string{api.EventsProtocol}, "", 101},
		{"legacy bearer", t1, nil, "", 101},
		{"subprotocol", "", protocol(unified), "", 101},
		{"legacy subprotocol", "", protocol(t1), "", 101},
		{"none", "", nil, "", 403},
		{"only the query", "", nil, "?token=" + unified + "&access_token=" + unified, 403},
		{"subprotocol without token", "", []string{api.EventsProtocol}, "", 403},
		{"subprotocol that is no base64", "", []string{api.EventsProtocol, "token.!!"}, "", 403},
		{"expired", app.Client(t, start.Add(-25*time.Hour), sessionID, nil), nil, "", 403},
		{"of another session", app.Client(t, start, relayedID, nil), nil, "", 403},
		{"of another application", other.Client(t, start, sessionID, nil), nil, "", 404},
		{"REST token", app.Bearer(t, start, nil), nil, "", 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			header := http.Header{}
			if tc.bearer != "" {
				header.Set("Authorization", "Bearer "+tc.bearer)
			}
			socket, response, err := websocket.Dial(ctx, server.URL+"/v2/session/"+sessionID+"/events"+tc.query, &websocket.DialOptions{HTTPHeader: header, Subprotocols: tc.protocols})
			if response == nil || response.StatusCode != tc.status {
				t.Fatalf("answer %v, %v; want %d", response, err, tc.status)
			}
			if tc.status != http.StatusSwitchingProtocols {
				return
			}
			defer func() { _ = socket.CloseNow() }()
			var first struct {
				Type       string
				Connection struct{ Data string }
			}
			if err := wsjson.Read(ctx, socket, &first); err != nil || first.Type != "connected" || first.Connection.Data != "me" {
				t.Errorf("first message %+v, %v", first, err)
			}
			if tc.protocols != nil && socket.Subprotocol() != api.EventsProtocol {
				t.Errorf("subprotocol %q", socket.Subprotocol())
			}
		})
	}
}

func TestPagesOfAnyOriginMayPublish(t *testing.T) {
	w := newWorld(t)
	path := "/v2/session/" + sessionID + "/whip"
	for _, answer := range []*httptest.ResponseRecorder{
		w.do(http.MethodOptions, path, ""),
		w.do(http.MethodPost, path, "", "Content-Type", "application/sdp"), // refused, because there is no token
		w.do(http.MethodPost, path, offerSDP, "Content-Type", "application/sdp", "Authorization", "Bearer "+w.clientToken),
	} {
		if got := answer.Header().Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%d: Access-Control-Allow-Origin %q", answer.Code, got)
		}
		if got := answer.Header().Get("Access-Control-Expose-Headers"); !strings.Contains(got, "ETag") || !strings.Contains(got, "Accept-Post") {
			t.Errorf("%d: Access-Control-Expose-Headers %q", answer.Code, got)
		}
	}
}

func TestPublishedStreamOutlivesItsToken(t *testing.T) {
	later := start
	w := newWorld(t, func(c *api.Config) { c.Verifier.Now = func() time.Time { return later } })
	later = start.Add(48 * time.Hour)
	path := "/v2/session/" + sessionID + "/whip"
	headers := []string{"Content-Type", "application/sdp", "Authorization", "Bearer " + w.clientToken}
	if answer := w.do(http.MethodPost, path, offerSDP, headers...); answer.Code != http.StatusForbidden {
		t.Errorf("publish: %d", answer.Code)
	}
	if answer := w.do(http.MethodDelete, path+"/"+w.published, "", headers...); answer.Code != http.StatusOK {
		t.Errorf("stop: %d", answer.Code)
	}
}

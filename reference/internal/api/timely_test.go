package api_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestBodyThatNeverComes checks that a request whose body does not arrive gets an answer and loses its connection, even if no handler reads the
// body.
func TestBodyThatNeverComes(t *testing.T) {
	w := newWorld(t)
	w.Now = func() time.Time { return time.Now().Add(-29700 * time.Millisecond) } // 30 s have passed after 300 ms
	server := httptest.NewServer(w)
	defer server.Close()
	client := "Content-Type: application/sdp\r\nAuthorization: Bearer " + w.clientToken + "\r\n"
	rest := "Authorization: Bearer " + app.Bearer(t, start, nil) + "\r\n"
	for _, c := range []struct {
		method, path, header string
		want                 int
	}{
		{"POST", "/session/create", "X-OPENTOK-AUTH: none\r\n", http.StatusForbidden},
		{"POST", "/session/create", rest, http.StatusRequestTimeout},
		{"POST", "/v2/project/" + app.ID + "/archive", rest, http.StatusRequestTimeout},
		{"POST", "/v2/project/" + app.ID + "/archive", "", http.StatusForbidden},
		{"POST", "/v2/session/" + sessionID + "/whip", client, http.StatusRequestTimeout},
		{"PATCH", "/v2/session/" + sessionID + "/whip/" + w.published, strings.Replace(client, "sdp", "trickle-ice-sdpfrag", 1), http.StatusRequestTimeout},
		{"POST", "/control/v1/applications", "Authorization: Bearer " + controlToken + "\r\n", http.StatusRequestTimeout},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: 1000\r\n\r\n{", c.method, c.path, c.header)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		in := bufio.NewReader(conn)
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		body, err := io.ReadAll(response.Body)
		if response.StatusCode != c.want || len(body) == 0 || err != nil {
			t.Errorf("%s %s: %d %s %v, want %d", c.path, c.header, response.StatusCode, body, err, c.want)
		}
		_ = response.Body.Close()
		if _, err = in.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: the connection is still held: %v", c.path, err)
		}
		_ = conn.Close()
	}
}

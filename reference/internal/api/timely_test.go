package api_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestBodyThatNeverComes: a connection is given up whose body does not arrive, also when nobody wants to read it.
func TestBodyThatNeverComes(t *testing.T) {
	w := newWorld(t)
	w.Now = func() time.Time { return time.Now().Add(-29700 * time.Millisecond) } // 30 s are over in 300 ms
	server := httptest.NewServer(w)
	defer server.Close()
	for name, path := range map[string]string{"read": "/session/create", "refused": "/v2/project/" + app.ID + "/archive"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", path)
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		in := bufio.NewReader(conn)
		response, err := http.ReadResponse(in, nil)
		if err == nil {
			_ = response.Body.Close()
			_, err = in.ReadByte()
		}
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			t.Errorf("%s: the connection is still held", name)
		}
		_ = conn.Close()
	}
}

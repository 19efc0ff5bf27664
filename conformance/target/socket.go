package target

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/coder/websocket"
)

// messageLimit is the largest message of a connection in bytes.
const messageLimit = 1 << 20

// Socket returns a way to open a client's connection as a WebSocket.
func (c *Client) Socket(address string, header http.Header, protocols []string) Dial {
	return func(ctx context.Context) (Link, error) {
		header = header.Clone()
		header.Set("User-Agent", "reelcheck/"+Version+" scenario="+c.Scenario)
		ws, resp, err := websocket.Dial(ctx, address, &websocket.DialOptions{ //nolint:bodyclose // websocket.Dial: never to be closed by the caller
			HTTPClient:   c.http(false, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }),
			HTTPHeader:   header,
			Subprotocols: protocols,
		})
		if err != nil {
			status := 0
			if resp != nil {
				status = resp.StatusCode
			}
			if unsent := (*url.Error)(nil); errors.As(err, &unsent) {
				err = unsent.Err // without the address, which has a token and is another one for each session
			}
			return nil, &ClosedError{Code: status, Err: err}
		}
		ws.SetReadLimit(messageLimit)
		life, drop := context.WithCancel(context.WithoutCancel(ctx))
		return &socket{ws: ws, life: life, drop: drop}, nil
	}
}

// socket is a Link over a WebSocket.
type socket struct {
	ws   *websocket.Conn
	life context.Context // ends the pending Read
	drop context.CancelFunc
}

func (s *socket) Read() ([]byte, error) {
	_, b, err := s.ws.Read(s.life)
	if err != nil {
		return nil, &ClosedError{Code: int(websocket.CloseStatus(err)), Err: err}
	}
	return b, nil
}

func (s *socket) Leave() {
	_ = s.ws.Close(websocket.StatusNormalClosure, "")
	s.drop()
}

func (s *socket) Drop() {
	s.drop()
	_ = s.ws.CloseNow()
}

package live

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/account/accounttest"
)

const (
	endsWithin = 2 * time.Minute
	pollEvery  = 20 * time.Millisecond
)

// server is a running archived, which `make bench` builds beside this program.
type server struct {
	h      *harness
	cmd    *exec.Cmd
	url    string
	app    accounttest.App
	bearer string // REST bearer token
}

func startServer(h *harness, data string) *server {
	self, err := os.Executable()
	must(h, err)
	s := &server{h: h, cmd: exec.CommandContext(h.ctx, filepath.Join(filepath.Dir(self), "archived"),
		"serve", "--port", "0", "--data", data, "--ice-addresses", "127.0.0.1", "--log-level", "warn")}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	must(h, err)
	must(h, s.cmd.Start())
	h.Cleanup(func() { s.stop() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	must(h, err)
	var ready struct{ URL, ApplicationID, PrivateKeyFile string }
	must(h, json.Unmarshal(line, &ready))
	pem, err := os.ReadFile(ready.PrivateKeyFile)
	must(h, err)
	key, err := jwt.ParseRSAPrivateKeyFromPEM(pem)
	must(h, err)
	s.url, s.app = ready.URL, accounttest.App{Application: account.Application{ID: ready.ApplicationID}, Key: key}
	s.bearer = s.app.Bearer(h, time.Now(), nil)
	return s
}

// stop ends the server and returns the CPU time of it and its children.
func (s *server) stop() time.Duration {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended
		_ = s.cmd.Wait()
	}
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
}

func (s *server) archives() string { return "/v2/project/" + s.app.ID + "/archive" }

func (s *server) call(method, path string, body, into any) {
	content, err := json.Marshal(body)
	must(s.h, err)
	request, err := http.NewRequestWithContext(s.h.ctx, method, s.url+path, bytes.NewReader(content))
	must(s.h, err)
	request.Header.Set("Authorization", "Bearer "+s.bearer)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	} else {
		request.Body, request.ContentLength = nil, 0
	}
	response, err := http.DefaultClient.Do(request)
	must(s.h, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	must(s.h, err)
	if response.StatusCode != http.StatusOK {
		s.h.Fatalf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	must(s.h, json.Unmarshal(answer, into))
}

// session creates a session with a connected client, without which no archive starts.
func (s *server) session() (id string) {
	var list []struct {
		SessionID string `json:"session_id"`
	}
	s.call(http.MethodPost, "/session/create", nil, &list)
	id = list[0].SessionID
	s.connect(id)
	return id
}

func (s *server) client(sessionID string) (token string) {
	return s.app.Client(s.h, time.Now(), sessionID, nil)
}

// recorded is an archive as the server describes it.
type recorded struct{ ID, Status, URL string }

// record starts an archive before there are streams, so that it has all of every stream from the first key frame on.
func (s *server) record(sessionID string, options map[string]any) (archiveID string) {
	body := map[string]any{"sessionId": sessionID}
	maps.Copy(body, options)
	var a recorded
	s.call(http.MethodPost, s.archives(), body, &a)
	return a.ID
}

// finish stops archives and returns them when all are available. backlog is the longest time from a stop until then.
func (s *server) finish(ids []string) (done []recorded, backlog time.Duration) {
	stopped := map[string]time.Time{}
	for _, id := range ids {
		stopped[id] = time.Now()
		s.call(http.MethodPost, s.archives()+"/"+id+"/stop", nil, &recorded{})
	}
	for len(stopped) > 0 {
		time.Sleep(pollEvery)
		var page struct{ Items []recorded }
		s.call(http.MethodGet, s.archives()+"?count=1000", nil, &page)
		for _, a := range page.Items {
			since, waiting := stopped[a.ID]
			switch took := time.Since(since); {
			case !waiting:
			case a.Status == "available":
				backlog = max(backlog, took)
				done = append(done, a)
				delete(stopped, a.ID)
			case took > endsWithin:
				s.h.Fatalf("archive %s is %s %v after its stop", a.ID, a.Status, endsWithin)
			}
		}
	}
	return done, backlog
}

// connect connects a client to a session.
func (s *server) connect(sessionID string) {
	header := http.Header{"Authorization": {"Bearer " + s.client(sessionID)}}
	//nolint:bodyclose // there is none after an upgrade
	conn, _, err := websocket.Dial(s.h.ctx, s.url+"/v2/session/"+sessionID+"/events", &websocket.DialOptions{HTTPHeader: header})
	must(s.h, err)
	_, _, err = conn.Read(s.h.ctx) // the client counts once this was read
	must(s.h, err)
	conn.CloseRead(s.h.ctx)
	s.h.Cleanup(func() { _ = conn.CloseNow() })
}

func download(ctx context.Context, link, name string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", link, response.Status)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, response.Body); err != nil {
		return err
	}
	return f.Close()
}

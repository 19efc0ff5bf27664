package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"

	"reelcheck/fixtures/mark"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/session"
	"reelcheck/reference/internal/session/sessiontest"
	"reelcheck/reference/internal/whiptest"
)

const (
	liveStreams = 16
	liveSeconds = 60
	endsWithin  = 2 * time.Minute
	pollEvery   = 20 * time.Millisecond
)

// publication is what the publishing process is told: which input to publish with which token.
type publication struct {
	URL, SessionID string
	Streams        []struct{ Token, Video, Sound string }
}

// live records streams that a second process publishes to the server. The backlog is what there is left to do when the archive is
// stopped, and what is lost are frames that left the publisher and cannot be seen in the file.
func (b bench) live(ctx context.Context, seconds int) error {
	c := rendering{streams: liveStreams, source: [2]int{640, 480}, width: 640, height: 480, seconds: loopSeconds}
	inputs, err := b.inputs(ctx, liveStreams, c)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.dir, "live-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	h := &harness{ctx: ctx}
	return h.do(func() {
		s := startServer(h, filepath.Join(dir, "data"))
		var list []struct {
			SessionID string `json:"session_id"`
		}
		s.call(http.MethodPost, "/session/create", nil, &list)
		id := list[0].SessionID
		var archive struct{ ID, Status, URL string }
		s.connect(id)
		s.call(http.MethodPost, s.archives(), map[string]string{"sessionId": id}, &archive)
		publishers := s.publish(id, inputs)
		time.Sleep(time.Duration(seconds) * time.Second)
		s.call(http.MethodPost, s.archives()+"/"+archive.ID+"/stop", nil, &archive)
		stopped := time.Now()
		for archive.Status != "available" {
			if time.Since(stopped) > endsWithin {
				h.Fatalf("the archive is %s %v after its end", archive.Status, endsWithin)
			}
			time.Sleep(pollEvery)
			s.call(http.MethodGet, s.archives()+"/"+archive.ID, nil, &archive)
		}
		backlog := time.Since(stopped)
		publishers()
		file := filepath.Join(dir, "archive.mp4")
		must(h, download(ctx, archive.URL, file))
		shown, lost, err := missing(ctx, file)
		must(h, err)
		used := s.stop()
		fmt.Fprintf(b.out, "bench: case="+liveCase+" backlog_s=%.2f lost=%d shown=%d seconds=%d cores=%.2f\n",
			backlog.Seconds(), lost, shown, seconds, used.Seconds()/float64(seconds))
	})
}

// server is archived as it ships, which `make bench` builds beside this program.
type server struct {
	h   *harness
	cmd *exec.Cmd
	url string
	app sessiontest.App
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
	s.url, s.app = ready.URL, sessiontest.App{Application: session.Application{ID: ready.ApplicationID}, Key: key}
	return s
}

// stop ends the server and returns the processor time it and its children took.
func (s *server) stop() time.Duration {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM) // an error says that it has ended
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
	request.Header.Set("Authorization", "Bearer "+s.app.Bearer(s.h, time.Now(), nil))
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

// connect connects a client to a session: without one no archive starts. This one before there are streams, so that it has all of
// every stream from its first key frame on.
func (s *server) connect(sessionID string) {
	header := http.Header{"Authorization": {"Bearer " + s.app.Client(s.h, time.Now(), sessionID, nil)}}
	//nolint:bodyclose // there is none after an upgrade
	conn, _, err := websocket.Dial(s.h.ctx, s.url+"/v2/session/"+sessionID+"/events", &websocket.DialOptions{HTTPHeader: header})
	must(s.h, err)
	_, _, err = conn.Read(s.h.ctx) // from then on it counts
	must(s.h, err)
	conn.CloseRead(s.h.ctx)
	s.h.Cleanup(func() { _ = conn.CloseNow() })
}

// publish starts the second process and returns when all its streams flow.
func (s *server) publish(sessionID string, inputs []input) (stop func()) {
	p := publication{URL: s.url, SessionID: sessionID}
	for _, in := range inputs {
		token := s.app.Client(s.h, time.Now(), sessionID, nil)
		p.Streams = append(p.Streams, struct{ Token, Video, Sound string }{token, in.video, in.sound})
	}
	told, err := json.Marshal(p)
	must(s.h, err)
	self, err := os.Executable()
	must(s.h, err)
	cmd := exec.CommandContext(s.h.ctx, self, "-publish")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(s.h, err)
	out, err := cmd.StdoutPipe()
	must(s.h, err)
	must(s.h, cmd.Start())
	end := func() {
		if cmd.ProcessState == nil {
			_ = in.Close() // which ends it
			_ = cmd.Wait()
		}
	}
	s.h.Cleanup(end)
	_, err = in.Write(append(told, '\n'))
	must(s.h, err)
	_, err = bufio.NewReader(out).ReadString('\n')
	must(s.h, err)
	return end
}

// publish is the second process: it publishes what stdin says until that ends.
func publish(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var p publication
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	h := &harness{ctx: ctx}
	return h.do(func() {
		for _, s := range p.Streams {
			l, err := input{video: s.Video, sound: s.Sound}.loop()
			must(h, err)
			o := whiptest.Options{URL: p.URL, SessionID: p.SessionID, Token: s.Token}
			for _, f := range l.video {
				o.Frames = append(o.Frames, f.Data)
			}
			for _, f := range l.sound {
				o.Packets = append(o.Packets, f.Data)
			}
			whiptest.Publish(h, o)
		}
		fmt.Fprintln(stdout, "publishing")
		_, err = io.Copy(io.Discard, in)
		must(h, err)
	})
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

// missing reads the marks in a composed picture of all live streams: how many frames were shown, and how many were not though
// 30 frames/s in 25 have room for them: two frames of the output are one or two frames of a stream apart.
func missing(ctx context.Context, name string) (shown, lost int, err error) {
	const width, height = 640, 480
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-i", name, "-an", "-fps_mode", "passthrough",
		"-f", "rawvideo", "-pix_fmt", "gray", "pipe:1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	var streams []layout.Stream
	for i := range liveStreams {
		streams = append(streams, layout.Stream{ID: fmt.Sprint(i)})
	}
	tiles := (layout.Layout{}).Arrange(streams, width, height)
	last := map[int]int{}
	picture := make([]byte, width*height)
	for {
		if _, err := io.ReadFull(out, picture); err != nil {
			break // the end, or what Wait tells
		}
		for _, t := range tiles {
			n, stream, ok := readMark(picture, width, t.Rect)
			before, seen := last[stream]
			switch {
			case ok && !seen: // the first one
			case ok:
				lost += max(0, (n-before+loopFrames)%loopFrames-2)
			case len(last) == liveStreams: // every stream is there and has to be readable
				lost++
			}
			if ok {
				last[stream] = n
				shown++
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		return 0, 0, fmt.Errorf("decoding %s: %w", name, err)
	}
	if len(last) != liveStreams {
		return 0, 0, fmt.Errorf("%d of %d streams are seen in %s", len(last), liveStreams, name)
	}
	return shown, lost, nil
}

func readMark(picture []byte, width int, tile layout.Rect) (frame, stream int, ok bool) {
	plane := mark.Plane{Pix: picture, Stride: width, W: width, H: len(picture) / width}
	scale := float64(tile.W) / 640
	r, ok := mark.Decode(plane, mark.Box{
		X: float64(tile.X) + markAt.X*scale, Y: float64(tile.Y) + markAt.Y*scale, W: markAt.W * scale, H: markAt.H * scale,
	})
	return r.Frame, r.Stream, ok
}

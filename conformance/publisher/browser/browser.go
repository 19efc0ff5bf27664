// Package browser lets clients take part that live in a headless Chromium: a page publishes the fixtures as a browser
// does, which decodes and encodes them again. The page is an adapter (spec/publisher-protocol.md) that exchanges lines
// over a WebSocket with the suite, one a message; page.html is ours, over WHIP. A page in its place, such as one with a
// vendor's client library, must do the same:
//
//   - connect to the WebSocket "lines" beside the page, and say hello
//   - take video from "fixtures/ID.ivf", and sound from "fixtures/ID.pcm": one loop of signed 16-bit samples, little-endian,
//     48 kHz, mono
//
// Commands say at which address, and with which headers, as the target file has it.
package browser

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/coder/websocket"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher/adapter"
	"reelcheck/conformance/publisher/wire"
	"reelcheck/conformance/target/config"
)

// answerWithin limits one command. A browser on busy processors takes its time.
const answerWithin = 20 * time.Second

// Slots is the number of media slots for each processor, where other drivers have five: the browser decodes and encodes.
const Slots = 2

// flags start a Chromium that needs no display, asks nobody, and lets a page play sound and reach any server, as a test
// of that server needs it.
var flags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
	"--no-first-run", "--disable-dev-shm-usage", "--disable-extensions", "--disable-default-apps", "--disable-breakpad", "--disable-crash-reporter",
	"--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection", "--disable-web-security",
	"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
	"--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter", "--enable-blink-features=MediaStreamInsertableStreams",
}

// Start starts the browser of a target file and waits until its page says hello. The files of both lie below folder.
// The caller must call Close, before it closes the journal.
func Start(ctx context.Context, p config.Publisher, folder string, j *evidence.Journal) (*adapter.Driver, error) {
	b, err := start(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	d, err := adapter.Open(ctx, b, adapter.Settings{Folder: filepath.Join(folder, "media"), Within: answerWithin, At: p.WHIP}, j)
	if err != nil {
		return nil, fmt.Errorf("browser: %w", err)
	}
	return d, nil
}

// page is a browser with a page that is connected to the suite.
type page struct {
	*adapter.Child
	profile string // folder
	server  *http.Server
	serving sync.WaitGroup
	socket  *websocket.Conn
	life    context.Context // ends the pending Read
	end     context.CancelFunc
}

func start(ctx context.Context, c config.Publisher) (_ *page, err error) {
	program, err := find(c.Browser.Path)
	if err != nil {
		return nil, err
	}
	content, err := contentOf(c.Browser.Page)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &page{}
	p.life, p.end = context.WithCancel(context.WithoutCancel(ctx))
	secret := rand.Text() // so that no other program on this machine takes the place of the page
	sockets := make(chan *websocket.Conn, 1)
	p.server = &http.Server{Handler: http.StripPrefix("/"+secret, handler(content, sockets)), ReadHeaderTimeout: 10 * time.Second}
	p.serving.Go(func() { _ = p.server.Serve(ln) }) // ends with Close
	if p.profile, err = os.MkdirTemp("", "conform-browser-"); err == nil {
		args := append(append([]string(nil), flags...), "--user-data-dir="+p.profile, "http://"+ln.Addr().String()+"/"+secret+"/")
		command := exec.Command(program, args...)
		command.Env = append(os.Environ(), "HOME="+p.profile)
		p.Child, err = adapter.StartChild(command)
	}
	if err == nil {
		err = p.await(ctx, sockets)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// await waits for the page to connect.
func (p *page) await(ctx context.Context, sockets <-chan *websocket.Conn) error {
	t := time.NewTimer(30 * time.Second)
	defer t.Stop()
	select {
	case p.socket = <-sockets:
		p.socket.SetReadLimit(wire.MaxLine)
		return nil
	case <-p.Done():
		how := "without an error"
		if err := p.Ended(); err != nil {
			how = err.Error()
		}
		return fmt.Errorf("the browser ended, %s, before its page connected; its log ends with:\n%s", how, cmp.Or(p.Log(), "nothing"))
	case <-t.C:
		return fmt.Errorf("the page did not connect within 30s; the log of the browser ends with:\n%s", p.Log())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// find returns the browser's program.
func find(path string) (string, error) {
	if path != "" {
		return exec.LookPath(path)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("none of chromium, chromium-browser, google-chrome is installed; publisher.browser.path names another")
}

// Write implements adapter.Lines.
func (p *page) Write(line []byte, within time.Duration) error {
	ctx, cancel := context.WithTimeout(p.life, within)
	defer cancel()
	return p.socket.Write(ctx, websocket.MessageText, line)
}

// Read implements adapter.Lines.
func (p *page) Read(each func([]byte) error) error {
	for {
		_, line, err := p.socket.Read(p.life)
		if err == nil {
			err = each(line)
		}
		if err != nil {
			return fmt.Errorf("the page: %w", err)
		}
	}
}

// Close implements adapter.Lines. It kills the browser, which need not end in order.
func (p *page) Close() error {
	p.end()
	if p.socket != nil {
		_ = p.socket.CloseNow()
	}
	var err error
	if p.Child != nil {
		p.Kill()
		err = p.Stop()
	}
	_ = p.server.Close()
	p.serving.Wait()
	if p.profile != "" {
		err = errors.Join(err, os.RemoveAll(p.profile))
	}
	return err
}

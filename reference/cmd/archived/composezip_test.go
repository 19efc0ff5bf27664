package main

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelcheck/fixtures/ffmpegtest"
	"reelcheck/fixtures/mark"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/whiptest"
)

// Layouts in which one session is composed live, and afterwards from its individual archive.
const style = `stream { position: absolute; left: 320px; top: 240px; width: 50%; height: 50%; object-fit: cover }
stream:first-child { left: 0; top: 0 } stream:nth-child(2) { left: 320px; top: 60px; width: 25%; height: 25% }`

var everyLayout = []map[string]string{
	{"type": "bestFit"},
	{"type": "bestFit", "screenshareType": "verticalPresentation"},
	{"type": "pip"},
	{"type": "verticalPresentation"},
	{"type": "horizontalPresentation"},
	{"type": "custom", "stylesheet": style},
}

// attend connects a client until the end of the test. It returns its token and its connection, to publish with.
func (c client) attend(sessionID string) (token, connection string) {
	c.t.Helper()
	token = c.app.Client(c.t, time.Now(), sessionID, nil)
	protocols := []string{"reelcheck.events", "token." + base64.RawURLEncoding.EncodeToString([]byte(token))}
	socket, _, err := websocket.Dial(c.t.Context(), c.url+"/v2/session/"+sessionID+"/events", &websocket.DialOptions{Subprotocols: protocols})
	must(c.t, err)
	c.t.Cleanup(func() { _ = socket.CloseNow() })
	_, hello, err := socket.Read(c.t.Context())
	must(c.t, err)
	var said struct{ ConnectionID string }
	must(c.t, json.Unmarshal(hello, &said))
	go func() { // answers pings until the end of the test
		for err := error(nil); err == nil; {
			_, _, err = socket.Read(c.t.Context())
		}
	}()
	return token, said.ConnectionID
}

func (c client) begin(sessionID string, body map[string]any) (a archiveView) {
	c.t.Helper()
	body["sessionId"] = sessionID
	c.call(http.MethodPost, c.project()+"/archive", body, &a)
	return a
}

func (c client) publisher(sessionID string, o whiptest.Options) *whiptest.Publisher {
	c.t.Helper()
	o.URL, o.SessionID, o.Token = c.url, sessionID, cmp.Or(o.Token, c.app.Client(c.t, time.Now(), sessionID, nil))
	return whiptest.Publish(c.t, o)
}

// TestComposeOfIndividual records a session as a composed archive and as an individual one. It has a camera that is muted, and a client with
// H.264 who comes late, shares a screen, and so has the first place. The tool must make from the individual archive the same file as the
// composed archive, in every layout.
func TestComposeOfIndividual(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := defaultClient(t, p)
	session := c.createSession()
	token, connection := c.attend(session)
	live := c.begin(session, map[string]any{"multiArchiveTag": "live"})
	files := c.begin(session, map[string]any{"multiArchiveTag": "files", "outputMode": "individual"})

	one := c.publisher(session, whiptest.Options{Video: "vp8-01", Tone: "tone-01"})
	pass := func(length float64) { one.AwaitSent(one.Sent() + seconds(length)) }
	pass(1)
	two := c.publisher(session, whiptest.Options{Video: "h264-02", Tone: "tone-03", Token: token, Client: connection})
	pass(1)
	one.Mute(true)
	pass(0.5)
	screen := c.publisher(session, whiptest.Options{Video: "vp8-03", VideoType: "screen", Token: token, Client: connection})
	pass(2)
	one.Mute(false)
	pass(1.5)
	two.Stop()
	pass(0.7)
	screen.Stop()
	one.Stop()
	journal := c.journal(p, session, live, files)
	archive := filepath.Join(t.TempDir(), "archive.zip")
	b := download(t, c.awaitStatus(files.ID, "available").URL)
	must(t, os.WriteFile(archive, b, 0o600))
	from := begins(t, b)
	t.Run("live", func(t *testing.T) {
		alike(t, everyLayout[0], from, download(t, c.awaitStatus(live.ID, "available").URL), rendered(t, everyLayout[0], archive))
	})
	for _, l := range everyLayout[1:] {
		t.Run(l["type"]+l["screenshareType"], func(t *testing.T) {
			alike(t, l, from, rendered(t, l, journal, "--archive", files.ID), rendered(t, l, archive))
		})
	}
	p.terminate()
}

// TestComposeOfSegments has a stream in several files: its connection was lost for long and for a moment, and it was removed from an archive and
// added again.
func TestComposeOfSegments(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := defaultClient(t, p)
	session := c.createSession()
	c.attend(session)
	archives := map[string]archiveView{}
	for _, mode := range []string{"auto", "manual"} {
		archives[mode] = c.begin(session, map[string]any{"multiArchiveTag": mode, "outputMode": "individual", "streamMode": mode})
	}
	one := c.publisher(session, whiptest.Options{Video: "vp8-01", Tone: "tone-01"})
	pass := func(length float64) { one.AwaitSent(one.Sent() + seconds(length)) }
	pass(1)
	two := c.publisher(session, whiptest.Options{Video: "vp8-02", Tone: "tone-03"})
	pass(0.7)
	var streams struct{ Items []struct{ ID string } }
	c.call(http.MethodGet, c.project()+"/session/"+session+"/stream", nil, &streams)
	selects := func(change string, stream int) {
		exchange(t, http.MethodPatch, c.url+c.project()+"/archive/"+archives["manual"].ID+"/streams", c.app.Bearer(t, time.Now(), nil),
			map[string]any{change: streams.Items[stream].ID}, http.StatusNoContent, nil)
	}
	selects("addStream", 1) // its place is the second all the same
	pass(1.2)
	selects("addStream", 0)
	pass(1.7)
	selects("removeStream", 0)
	pass(1)
	selects("addStream", 0)
	pass(1.2)
	one.Lose(true)
	pass(3)
	one.Restart()
	one.Lose(false)
	pass(2.7) // a key frame comes every second
	one.Lose(true)
	pass(0.5)
	one.Restart()
	one.Lose(false)
	pass(1.7)
	two.Stop()
	one.Stop()
	journal := c.journal(p, session, archives["auto"], archives["manual"])
	for mode, a := range archives {
		t.Run(mode, func(t *testing.T) {
			archive := filepath.Join(t.TempDir(), "archive.zip")
			b := download(t, c.awaitStatus(a.ID, "available").URL)
			must(t, os.WriteFile(archive, b, 0o600))
			alike(t, everyLayout[0], begins(t, b), rendered(t, everyLayout[0], journal, "--archive", a.ID), rendered(t, everyLayout[0], archive))
		})
	}
	p.terminate()
}

// journal stops the archives, after their streams have ended. It returns a copy of their journal, from which they would be composed.
func (c client) journal(p *process, session string, archives ...archiveView) (dir string) {
	c.t.Helper()
	for _, a := range archives {
		c.awaitStatus(a.ID, "paused")
	}
	dir = filepath.Join(c.t.TempDir(), "journal")
	must(c.t, os.CopyFS(dir, os.DirFS(filepath.Join(p.data, "recordings", "journals", session))))
	for _, a := range archives {
		c.stopArchive(a.ID)
	}
	return dir
}

// begins returns when the files of an archive begin.
func begins(t *testing.T, archive []byte) (list []time.Duration) {
	t.Helper()
	for _, f := range unpack(t, archive).manifest.Files {
		t.Logf("%s from %d to %d ms", f.Filename, f.StartTimeOffset, f.StopTimeOffset)
		list = append(list, time.Duration(f.StartTimeOffset)*time.Millisecond)
	}
	return list
}

// rendered returns the file that the tool makes from an archive.
func rendered(t *testing.T, layout map[string]string, archive ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.mp4")
	args := append([]string{"compose", "-o", out, "--layout", layout["type"]}, archive...)
	if s := layout["screenshareType"]; s != "" {
		args = append(args, "--screenshare-type", s)
	}
	if s := layout["stylesheet"]; s != "" {
		file := filepath.Join(t.TempDir(), "style.css")
		must(t, os.WriteFile(file, []byte(s), 0o600))
		args = append(args, "--stylesheet", file)
	}
	cmd := exec.Command(bin, args...)
	cmd.Env = environment()
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, said)
	}
	b, err := os.ReadFile(out)
	must(t, err)
	return b
}

const (
	outputRate = 25
	// busy is the number of pictures that may differ, because a busy machine notices late that video has stopped or resumed.
	busy = outputRate / 2
	// early is how long after its beginning a stream may get its times from arrival, or wait for a key frame.
	early = 1500 * time.Millisecond
)

// alike checks that two files of a session are the same up to one frame: which frame of which stream is where. The moment at which a live
// recording notices that a stream has stopped its video depends on the load. begins is when the files of the archive begin. Until a publisher's
// first sender report, a live recording uses arrival times. A file begins with a key frame, which these publishers do not send on request, so a
// live recording may have the picture before it.
func alike(t *testing.T, l map[string]string, begins []time.Duration, live, later []byte) {
	t.Helper()
	const frame = time.Second / outputRate
	path, other := save(t, live), save(t, later)
	x, y := stages(t, l, path), stages(t, l, other)
	if d := len(x) - len(y); d < -1 || d > 1 {
		t.Errorf("live it has %d pictures, afterwards %d", len(x), len(y))
	}
	var differ, moved []int
	shown := 0
	for i := range min(len(x), len(y)) {
		near := x[max(i-1, 0):min(i+2, len(x))]
		isEarly := slices.ContainsFunc(begins, func(d time.Duration) bool {
			at := time.Duration(i) * frame
			return at >= d-frame && at < d+early
		})
		if !slices.ContainsFunc(near, func(s map[place]int) bool { return sameFrames(s, y[i], isEarly) }) {
			differ = append(differ, i)
			t.Logf("picture %d: live %v, afterwards %v", i, x[i], y[i])
		} else if !maps.Equal(x[i], y[i]) {
			moved = append(moved, i)
		}
		shown += len(y[i])
	}
	sound := lag(hear(t, path), hear(t, other))
	t.Logf("%d and %d pictures with %d marks, %d not the same: %v, %d a frame apart; sound is %v apart", len(x), len(y), shown, len(differ), differ, len(moved), sound)
	if len(differ) > busy {
		t.Errorf("pictures %v are not the same", differ)
	}
	if shown < len(y)*9/10 {
		t.Errorf("%d marks in %d pictures", shown, len(y))
	}
	if sound.Abs() > frame {
		t.Errorf("sound is %v apart", sound)
	}
}

// place is a stream and where it is shown.
type place struct {
	stream int
	rect   layout.Rect
}

// sameFrames reports whether the same streams are in the same places, at most one frame apart. With early set, b may lack some, and they may be
// further apart.
func sameFrames(a, b map[place]int, early bool) bool {
	most := 1
	if early {
		most = videoRate / 3
	}
	for at, m := range b {
		if n, ok := a[at]; !ok || m-n < -most || m-n > most {
			return false
		}
	}
	return early || len(a) == len(b)
}

// stages returns for each picture which frame of which stream is where.
func stages(t *testing.T, l map[string]string, path string) (list []map[place]int) {
	t.Helper()
	arranged, err := layout.New(layout.Spec{Type: layout.Type(l["type"]), Screenshare: layout.Type(l["screenshareType"]), Stylesheet: l["stylesheet"]})
	must(t, err)
	rects := map[layout.Rect]bool{}
	streams := []layout.Stream{{ID: "one", Connection: "one"}, {ID: "two", Connection: "two"}, {ID: "screen", Connection: "two", Screen: true}}
	for which := range 1 << len(streams) {
		var there []layout.Stream
		for i, s := range streams {
			if which>>i&1 == 1 {
				there = append(there, s)
			}
		}
		for _, tile := range arranged.Arrange(there, 640, 480) {
			rects[tile.Whole(640, 480)] = true
		}
	}
	for picture := range slices.Chunk(decode(t, path, "null", "gray"), 640*480) {
		shown := map[place]int{}
		for r := range rects {
			sx, sy := float64(r.W)/640, float64(r.H)/480
			box := mark.Box{X: float64(r.X) + 176*sx, Y: float64(r.Y) + 192*sy, W: 288 * sx, H: 96 * sy}
			if m, ok := mark.Decode(mark.Plane{Pix: picture, Stride: 640, W: 640, H: 480}, box); ok {
				shown[place{m.Stream, r}] = m.Frame
			}
		}
		list = append(list, shown)
	}
	return list
}

// window is the length of the pieces of sound that are compared.
const window = 5 * time.Millisecond

// hear returns the loudness of the sound in each window.
func hear(t *testing.T, path string) (levels []float64) {
	t.Helper()
	const rate = 8000
	raw := ffmpegtest.Run(t, "-i", path, "-vn", "-ac", "1", "-ar", fmt.Sprint(rate), "-f", "u8", "-")
	for w := range slices.Chunk(raw, int(rate*window/time.Second)) {
		sum := 0.0
		for _, x := range w {
			sum += (float64(x) - 128) * (float64(x) - 128)
		}
		levels = append(levels, math.Sqrt(sum/float64(len(w))))
	}
	return levels
}

// lag returns by how much b must be moved to be most similar to a.
func lag(a, b []float64) time.Duration {
	const most = 60
	best, at := math.Inf(1), 0
	for shift := -most; shift <= most; shift++ {
		sum, n := 0.0, 0
		for i := range b {
			if j := i + shift; j >= 0 && j < len(a) {
				sum += math.Abs(a[j] - b[i])
				n++
			}
		}
		if mean := sum / float64(max(n, 1)); mean < best {
			best, at = mean, shift
		}
	}
	return time.Duration(at) * window
}

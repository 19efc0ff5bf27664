package main

import (
	"encoding/base64"
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

	"reelcheck/fixtures/mark"
	"reelcheck/reference/internal/layout"
	"reelcheck/reference/internal/whiptest"
)

// The layouts in which one session is composed live and afterwards, from its individual archive.
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

// attend makes a client that does not publish, until the end of the test.
func (c client) attend(sessionID string) {
	c.t.Helper()
	protocols := []string{"reelcheck.events", "token." + base64.RawURLEncoding.EncodeToString([]byte(c.app.Client(c.t, time.Now(), sessionID, nil)))}
	socket, _, err := websocket.Dial(c.t.Context(), c.url+"/v2/session/"+sessionID+"/events", &websocket.DialOptions{Subprotocols: protocols})
	must(c.t, err)
	c.t.Cleanup(func() { _ = socket.CloseNow() })
	_, _, err = socket.Read(c.t.Context())
	go func() { // answers pings, and ends with the test
		for err := error(nil); err == nil; {
			_, _, err = socket.Read(c.t.Context())
		}
	}()
	must(c.t, err)
}

func (c client) begin(sessionID string, body map[string]any) (a archiveView) {
	c.t.Helper()
	body["sessionId"] = sessionID
	c.call(http.MethodPost, c.project()+"/archive", body, &a)
	return a
}

func (c client) publisher(sessionID string, o whiptest.Options) *whiptest.Publisher {
	c.t.Helper()
	o.URL, o.SessionID, o.Token = c.url, sessionID, c.app.Client(c.t, time.Now(), sessionID, nil)
	return whiptest.Publish(c.t, o)
}

// TestComposeOfIndividual records a session as a composed archive and as an individual one: a camera that is muted, a late comer with
// H.264, a screen. Of the individual one it then makes what a composed one would have been in every layout.
func TestComposeOfIndividual(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir())
	c := defaultClient(t, p)
	session := c.createSession()
	c.attend(session)
	live := c.begin(session, map[string]any{"multiArchiveTag": "live"})
	files := c.begin(session, map[string]any{"multiArchiveTag": "files", "outputMode": "individual"})

	one := c.publisher(session, whiptest.Options{Video: "vp8-01", Tone: "tone-01"})
	pass := func(length float64) { one.AwaitSent(one.Sent() + seconds(length)) }
	pass(1.5)
	two := c.publisher(session, whiptest.Options{Video: "h264-02", Tone: "tone-03"})
	pass(1.5)
	one.Mute(true)
	pass(1)
	screen := c.publisher(session, whiptest.Options{Video: "vp8-03", VideoType: "screen"})
	pass(2)
	one.Mute(false)
	pass(2)
	two.Stop()
	pass(1.5)
	screen.Stop()
	one.Stop()
	c.awaitStatus(live.ID, "paused")
	journal := filepath.Join(t.TempDir(), "journal")
	must(t, os.CopyFS(journal, os.DirFS(filepath.Join(p.data, "recordings", "journals", session))))
	c.stopArchive(live.ID)
	c.stopArchive(files.ID)
	archive := filepath.Join(t.TempDir(), "archive.zip")
	must(t, os.WriteFile(archive, download(t, c.awaitStatus(files.ID, "available").URL), 0o600))
	t.Run("live", func(t *testing.T) {
		alike(t, everyLayout[0], download(t, c.awaitStatus(live.ID, "available").URL), rendered(t, everyLayout[0], archive))
	})
	for _, l := range everyLayout[1:] {
		t.Run(l["type"]+l["screenshareType"], func(t *testing.T) {
			alike(t, l, rendered(t, l, journal, "--archive", live.ID), rendered(t, l, archive))
		})
	}
	p.terminate()
}

// rendered is what the tool makes of an archive.
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

const outputRate = 25

// alike wants two files of one session to be the same within one frame. What counts is which frame of which stream is where; the
// moment at which a live recording notices that a stream has stopped its video depends on how busy it is.
func alike(t *testing.T, l map[string]string, live, later []byte) {
	t.Helper()
	const frame = time.Second / outputRate
	path, other := save(t, live), save(t, later)
	x, y := stages(t, l, path), stages(t, l, other)
	if d := len(x) - len(y); d < -1 || d > 1 {
		t.Errorf("live it has %d pictures, afterwards %d", len(x), len(y))
	}
	var differ, apart []int
	shown := 0
	for i := range min(len(x), len(y)) {
		near := x[max(i-1, 0):min(i+2, len(x))]
		if !slices.ContainsFunc(near, func(s map[place]int) bool { return sameFrames(s, y[i]) }) {
			differ = append(differ, i)
		} else if !maps.Equal(x[i], y[i]) {
			apart = append(apart, i)
		}
		shown += len(y[i])
	}
	sound := lag(hear(t, path), hear(t, other))
	t.Logf("%d and %d pictures with %d marks, %d not the same: %v, %d a frame apart; sound is %v apart", len(x), len(y), shown, len(differ), differ, len(apart), sound)
	if len(differ) > 0 && differ[len(differ)-1]-differ[0] > outputRate/4 {
		t.Errorf("pictures %v are not the same", differ)
	}
	if shown < len(y) {
		t.Errorf("%d marks in %d pictures", shown, len(y))
	}
	if sound.Abs() > frame {
		t.Errorf("sound is %v apart", sound)
	}
}

// place is where a stream is shown.
type place struct {
	stream int
	rect   layout.Rect
}

// sameFrames reports whether the same streams are in the same places, none by more than one of its frames ahead or behind.
func sameFrames(a, b map[place]int) bool {
	for at, n := range a {
		if m, ok := b[at]; !ok || m-n < -1 || m-n > 1 {
			return false
		}
	}
	return len(a) == len(b)
}

// stages tells for each picture which frame of which stream is where.
func stages(t *testing.T, l map[string]string, path string) (list []map[place]int) {
	t.Helper()
	arranged, err := layout.New(layout.Spec{Type: layout.Type(l["type"]), Screenshare: layout.Type(l["screenshareType"]), Stylesheet: l["stylesheet"]})
	must(t, err)
	rects := map[layout.Rect]bool{}
	streams := []layout.Stream{{ID: "one", Connection: "one"}, {ID: "two", Connection: "two"}, {ID: "screen", Connection: "three", Screen: true}}
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
		stage := map[place]int{}
		for r := range rects {
			sx, sy := float64(r.W)/640, float64(r.H)/480
			box := mark.Box{X: float64(r.X) + 176*sx, Y: float64(r.Y) + 192*sy, W: 288 * sx, H: 96 * sy}
			if m, ok := mark.Decode(mark.Plane{Pix: picture, Stride: 640, W: 640, H: 480}, box); ok {
				stage[place{m.Stream, r}] = m.Frame
			}
		}
		list = append(list, stage)
	}
	return list
}

// window is how much sound is looked at at a time.
const window = 5 * time.Millisecond

// hear tells the loudness of the sound in each window.
func hear(t *testing.T, path string) (levels []float64) {
	t.Helper()
	const rate = 8000
	raw, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-vn", "-ac", "1", "-ar", fmt.Sprint(rate), "-f", "u8", "-").Output()
	must(t, err)
	for w := range slices.Chunk(raw, int(rate*window/time.Second)) {
		sum := 0.0
		for _, x := range w {
			sum += (float64(x) - 128) * (float64(x) - 128)
		}
		levels = append(levels, math.Sqrt(sum/float64(len(w))))
	}
	return levels
}

// lag is by how much b has to be moved to be most like a.
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

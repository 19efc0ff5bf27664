package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reelcheck/fixtures/mark"
)

// script tells a foreign publisher what to do. The publisher reads it from /script of the script server.
type script struct {
	WHIP   string `json:"whip"` // URL to publish to
	Token  string `json:"token"`
	Period int    `json:"period"` // ms between beats
	Beats  int    `json:"beats"`
	Rate   int    `json:"rate"` // pictures a second
	// Away says after which beat, and for how long, the audio source is removed.
	Away struct {
		Beat         int `json:"beat"`
		Milliseconds int `json:"milliseconds"`
	} `json:"away"`
	// Still says after which beat the picture stands still, and until after which one.
	Still struct {
		From int `json:"from"`
		To   int `json:"to"`
	} `json:"still"`
	Tones []int `json:"tones"` // Hz, of the beats in turn

	// Marks are the black and white cells in the picture of each beat.
	Marks   []string `json:"marks"` // 0 is black
	Left    int      `json:"left"`
	Top     int      `json:"top"`
	Columns int      `json:"columns"`
	Rows    int      `json:"rows"`
	Cell    int      `json:"cell"`
	Border  int      `json:"border"`
}

// told is a message of a publisher while it publishes.
type told struct {
	What string // connected, beat, end or error
	Note string
	Beat int
	Late float64 // ms between the tone and the picture
}

// scriptServer gives a foreign publisher its script, takes its offer, and receives its messages.
type scriptServer struct {
	t      *testing.T
	url    string
	script script
	target string  // the server's WHIP endpoint
	path   *holdup // path of the media, if it can be held up
	events chan told
	media  encodedScript         // the encoded script, for publishers that do not encode
	late   map[int]time.Duration // delay of the drawn pictures, by beat
	lost   beatRange             // beats that the network lost
}

// silenceWithin is how long a publisher may be silent. It is long because the machine may be busy.
const silenceWithin = 60 * time.Second

func serveScript(t *testing.T, s script, target string) *scriptServer {
	t.Helper()
	g := &scriptServer{t: t, script: s, target: target, events: make(chan told, 1000), late: map[int]time.Duration{}}
	for beat := range s.Beats {
		cells, err := mark.Encode(beatStream, beat)
		must(t, err)
		var row strings.Builder
		for _, white := range cells {
			row.WriteString(map[bool]string{false: "0", true: "1"}[white])
		}
		g.script.Marks = append(g.script.Marks, row.String())
	}
	g.script.Tones, g.script.Left, g.script.Top = beatTones, markLeft, markTop
	g.script.Columns, g.script.Rows, g.script.Cell, g.script.Border = mark.Cols, mark.Rows, mark.Cell, mark.Border
	mux := http.NewServeMux()
	mux.HandleFunc("GET /script", g.tellScript)
	mux.HandleFunc("GET /media", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(g.media) })
	mux.HandleFunc("POST /whip", g.publish)
	mux.HandleFunc("POST /told", g.hear)
	mux.Handle("GET /", http.FileServer(http.Dir("testdata/publishers")))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

func (g *scriptServer) tellScript(w http.ResponseWriter, _ *http.Request) {
	s := g.script
	s.WHIP = g.target
	if g.path != nil {
		s.WHIP = g.url + "/whip"
	}
	_ = json.NewEncoder(w).Encode(s)
}

func (g *scriptServer) hear(_ http.ResponseWriter, r *http.Request) {
	var one told
	if err := json.NewDecoder(r.Body).Decode(&one); err != nil {
		one = told{What: "error", Note: err.Error()}
	}
	g.events <- one
}

// candidate matches the candidates of a description. Its group is the port, if the candidate has an IPv4 address.
var candidate = regexp.MustCompile(`(?m)^a=candidate:(?:\S+ \d+ udp \d+ [\d.]+ (\d+) )?.*\r?\n`)

// publish passes an offer on, and lets the answer lead through a path that can be held up. It removes the candidates of the offer, so that the
// server knows no other path.
func (g *scriptServer) publish(w http.ResponseWriter, r *http.Request) {
	offer, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, g.target, bytes.NewReader(candidate.ReplaceAll(offer, nil)))
	if err == nil {
		request.Header = r.Header.Clone()
		err = g.relay(w, request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

func (g *scriptServer) relay(w http.ResponseWriter, request *http.Request) error {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	body = candidate.ReplaceAllFunc(body, g.lead)
	w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
	if location, err := response.Location(); err == nil {
		w.Header().Set("Location", location.String())
	}
	w.WriteHeader(response.StatusCode)
	_, err = w.Write(body)
	return err
}

// lead replaces a candidate of the server by the path that can be held up. It removes candidates without an IPv4 address. Those that are not of the
// loopback interface stay because Firefox and GStreamer use no other ones.
func (g *scriptServer) lead(line []byte) []byte {
	m := candidate.FindSubmatchIndex(line)
	if m[2] < 0 {
		return nil
	}
	port, err := strconv.Atoi(string(line[m[2]:m[3]]))
	if err != nil {
		g.t.Errorf("%q: %v", line, err)
		return nil
	}
	g.path.lead(port)
	return fmt.Appendf(nil, "%s%d%s", line[:m[2]], g.path.port(), line[m[3]:])
}

// until returns when the publisher has sent the message what for this beat or a later one.
func (g *scriptServer) until(what string, beat int) {
	g.t.Helper()
	for {
		select {
		case one := <-g.events:
			if g.note(one); one.What == what && one.Beat >= beat {
				return
			}
		case <-time.After(silenceWithin):
			g.t.Fatalf("the publisher told nothing for %v; %s %d was awaited", silenceWithin, what, beat)
		}
	}
}

// newest handles the messages received so far and returns the newest beat.
func (g *scriptServer) newest() int {
	g.t.Helper()
	for {
		select {
		case one := <-g.events:
			g.note(one)
		default:
			return slices.Max(slices.Collect(maps.Keys(g.late)))
		}
	}
}

func (g *scriptServer) note(one told) {
	g.t.Helper()
	switch one.What {
	case "error":
		g.t.Fatalf("the publisher: %s", one.Note)
	case "beat":
		g.late[one.Beat] = time.Duration(one.Late * float64(time.Millisecond))
	}
}

// endpoint returns the URL where a client publishes.
func (c client) endpoint(sessionID, videoType string) string {
	return c.url + "/v2/session/" + url.PathEscape(sessionID) + "/whip?videoType=" + videoType
}

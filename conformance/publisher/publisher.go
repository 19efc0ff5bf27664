// Package publisher lets clients publish known media: the looped streams of package fixtures, each unit at its time. So
// everything that an archive must show at any moment can be computed from what was sent.
//
// Requests for a key frame, PLI (RFC 4585 section 6.3.1) and FIR (RFC 5104 section 4.3.1), are answered by the fixture's
// next key frame, which is at most a second away; a video with longer pauses between key frames is not published. Both
// RFCs want the key frame as soon as the sender can send it, and leave that moment to the sender. Nothing is sent out of
// turn, because unit n of a fixture leaves at its time or not at all.
package publisher

import (
	"context"
	"fmt"
	"time"

	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
	"reelcheck/fixtures"
)

// Driver is a way for clients to connect and to publish.
type Driver interface {
	// Can returns what its clients are able to do.
	Can() []config.Ability
	// Connect opens the connection of a client. The caller must end it by Leave or Vanish. A refusal by the target is a
	// *target.RefusedError.
	Connect(ctx context.Context, e Entry) (*target.Connection, error)
	// Publish returns when media flows. The publication goes on until it is ended or ctx ends. The caller must end every
	// publication exactly once, by Stop or Abandon. A refusal by the target is a *target.RefusedError.
	Publish(ctx context.Context, o Options) (Publication, error)
}

// Entry says who connects to which session.
type Entry struct {
	Client  *target.Client
	Label   string // of the evidence
	Name    string // name of the client in the scenario
	Session string
	Token   string
}

// Publication is one published stream.
type Publication interface {
	StreamID() string
	// Mute stops or resumes sending one kind, "video" or "audio". Video resumes with a key frame.
	Mute(kind string, muted bool) error
	// Switch continues the track with another video, from its unit 0, which is a key frame. Its codec must be that of
	// the track or of one of Options.Switches. While muted or disconnected the track waits with it.
	Switch(video string) error
	// Disconnect cuts the client's network. Nothing is sent until Reconnect, and nobody is told.
	Disconnect() error
	// Reconnect restores the network and restarts ICE (RFC 9725 section 4.3.2). It returns when the client is connected
	// again; the stream then goes on as after a mute. A refusal by the target is a *target.RefusedError.
	Reconnect(ctx context.Context, label string) error
	// Stop unpublishes with a request and returns when the target has answered.
	Stop(ctx context.Context, label string) error
	// Abandon ends without a message to the target, like a client whose network fails.
	Abandon() error
	// Ended is closed when media no longer flows, whoever ended it.
	Ended() <-chan struct{}
}

// Options says who publishes what.
type Options struct {
	Client       *target.Client
	Label        string // of the evidence
	Name         string // name of the client in the scenario
	Session      string
	Token        string
	ConnectionID string // of the events connection; empty: the target makes one
	StreamName   string
	VideoType    string
	Classes      string
	// TokenClasses are the classes that the token gives the client's streams. They are only written to the evidence.
	TokenClasses []string
	// ConnectionData is the data that the token gives the client's connection. It is only written to the evidence.
	ConnectionData string
	// Video and Audio are fixture ids; an empty one is not published.
	Video, Audio string
	// Switches are further video fixtures, whose codecs are offered beside that of Video.
	Switches []string
	// VideoLag and AudioLag are the delays from the capture of a unit to its departure, like those of a slow encoder.
	// RTP timestamps and sender reports still state capture times.
	VideoLag, AudioLag time.Duration
	// ReportsAfter is the delay from the first media to the first sender report. It may be 0.
	ReportsAfter time.Duration
	// Within limits the set-up and a reconnection; 0 means 15s.
	Within time.Duration
}

// track is a fixture ready to be sent.
type track struct {
	fixture string
	kind    string // "video" or "audio"
	codec   string
	clock   int64 // RTP ticks per second
	ticks   int64 // RTP ticks per unit
	lag     time.Duration
	start   int64 // RTP ticks from the epoch of the publication to unit 0
	units   [][]byte
	key     []bool // nil: every unit can be decoded alone
}

func (t *track) rate() float64 { return float64(t.clock) / float64(t.ticks) }

// due returns when unit n was captured, counted from the epoch. It is exact: no error accumulates.
func (t *track) due(n int64) time.Duration {
	return time.Duration((t.start + n*t.ticks) * int64(time.Second) / t.clock)
}

// leaves returns when unit n must leave, counted from the epoch.
func (t *track) leaves(n int64) time.Duration { return t.due(n) + t.lag }

func (t *track) isKey(n int64) bool {
	return t.key == nil || t.key[int(n)%len(t.key)]
}

// tracks loads the fixtures of o.
func tracks(o Options) ([]*track, error) {
	m, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	var out []*track
	if o.Video != "" {
		t, err := videoTrack(m, o.Video)
		if err != nil {
			return nil, err
		}
		t.lag = o.VideoLag
		out = append(out, t)
	}
	if o.Audio != "" {
		t, err := audioTrack(m, o.Audio)
		if err != nil {
			return nil, err
		}
		t.lag = o.AudioLag
		out = append(out, t)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("client %s: want a video or an audio fixture", o.Name)
	}
	return out, nil
}

func videoTrack(m fixtures.Manifest, id string) (*track, error) {
	v, err := m.Video(id)
	if err != nil {
		return nil, err
	}
	frames, err := v.Frames()
	if err != nil {
		return nil, err
	}
	t := &track{fixture: id, kind: "video", codec: v.Codec, clock: 90000, ticks: 90000 / int64(v.FPS)}
	for _, f := range frames {
		t.units, t.key = append(t.units, f.Data), append(t.key, f.Key)
	}
	return t, t.check()
}

func audioTrack(m fixtures.Manifest, id string) (*track, error) {
	a, err := m.Tone(id)
	if err != nil {
		return nil, err
	}
	packets, err := a.Packets()
	if err != nil {
		return nil, err
	}
	t := &track{fixture: id, kind: "audio", codec: a.Codec, clock: 48000, ticks: 48 * int64(a.PacketMS)}
	for _, p := range packets {
		t.units = append(t.units, p.Data)
	}
	return t, t.check()
}

// keyWithin is the longest time that a request for a key frame may have to wait.
const keyWithin = time.Second

func (t *track) check() error {
	if len(t.units) == 0 || t.ticks <= 0 || !t.isKey(0) {
		return fmt.Errorf("fixture %s: want units that begin with a key frame", t.fixture)
	}
	key := int64(0)
	for n := range int64(len(t.units)) + 1 { // the loop begins again with a key frame
		if !t.isKey(n) {
			continue
		}
		if wait := t.due(n) - t.due(key); wait > keyWithin {
			return fmt.Errorf("fixture %s: %v from key frame %d to the next, want at most %v", t.fixture, wait, key, keyWithin)
		}
		key = n
	}
	return nil
}

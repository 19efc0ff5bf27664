// Package publisher makes clients publish known media: the looped streams of package fixtures, each unit at
// its time, so that what an archive shows at any moment can be computed from what was sent.
//
// Requests for a key frame, PLI (RFC 4585 section 6.3.1) and FIR (RFC 5104 section 4.3.1), are answered by the fixture's next one,
// which is at most a second away: a video with longer pauses between its key frames is not published. Both RFCs want it as soon as
// the sender can, and leave to the sender when that is. Nothing is sent out of turn, because unit n of a fixture leaves at its time
// or not at all.
package publisher

import (
	"context"
	"fmt"
	"time"

	"reelcheck/conformance/target"
	"reelcheck/fixtures"
)

// Driver is a way to publish.
type Driver interface {
	// Publish returns when media flows. The publication goes on until it is ended or ctx of Publish's
	// caller closes it; the caller ends every publication exactly once, by Stop or Abandon.
	// A refusal by the target is a *target.RefusedError.
	Publish(ctx context.Context, o Options) (Publication, error)
}

// Publication is one published stream.
type Publication interface {
	StreamID() string
	// Mute stops or resumes sending one kind, "video" or "audio". Video resumes with a key frame.
	Mute(kind string, muted bool) error
	// Switch goes on with another video on the same track, from its unit 0, which is a key frame. Its codec is that of the
	// track or of one of Options.Switches. While muted or disconnected the track waits with it.
	Switch(video string) error
	// Disconnect takes the client's network away. Nothing is sent until Reconnect, and nobody is told.
	Disconnect() error
	// Reconnect gives the network back and restarts ICE (RFC 9725 section 4.3.2). It returns when the client is connected
	// again; then the stream goes on as after a mute. A refusal by the target is a *target.RefusedError.
	Reconnect(ctx context.Context, label string) error
	// Stop unpublishes politely and returns when the target has answered.
	Stop(ctx context.Context, label string) error
	// Abandon ends without a word to the target, as a client does whose network fails.
	Abandon() error
	// Ended is closed when media no longer flows, whoever ended it.
	Ended() <-chan struct{}
}

// Options say who publishes what.
type Options struct {
	Client       *target.Client
	Label        string // of the evidence
	Name         string // the scenario's name of the client
	Session      string
	Token        string
	ConnectionID string // of the events connection; empty: the target makes one
	StreamName   string
	VideoType    string
	Classes      string
	// TokenClasses are those that the token gives the client's streams; they are for the evidence alone.
	TokenClasses []string
	// ConnectionData are those that the token gives the client's connection; they are for the evidence alone, too.
	ConnectionData string
	// Video and Audio are fixture ids; an empty one is not published.
	Video, Audio string
	// Switches are further video fixtures, for their codecs to be offered beside that of Video.
	Switches []string
	// VideoLag and AudioLag are how long after its capture a unit leaves, as from a slow encoder. RTP timestamps and sender
	// reports tell capture times.
	VideoLag, AudioLag time.Duration
	// ReportsAfter is how long after the first media the first sender report leaves. It may be 0.
	ReportsAfter time.Duration
	// Within bounds the set-up, and a reconnection; 0: 15s.
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
	key     []bool // nil: every unit stands alone
}

func (t *track) rate() float64 { return float64(t.clock) / float64(t.ticks) }

// due is when unit n was captured, counted from the epoch. It is exact: no error accumulates.
func (t *track) due(n int64) time.Duration {
	return time.Duration((t.start + n*t.ticks) * int64(time.Second) / t.clock)
}

// leaves is when unit n is to leave, counted from the epoch.
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

// keyWithin is how long a request for a key frame may wait.
const keyWithin = time.Second

func (t *track) check() error {
	if len(t.units) == 0 || t.ticks <= 0 || !t.isKey(0) {
		return fmt.Errorf("fixture %s: want units that begin with a key frame", t.fixture)
	}
	key := int64(0)
	for n := range int64(len(t.units)) + 1 { // the loop begins anew with a key frame
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

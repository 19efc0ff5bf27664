package adapter

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/publisher/wire"
	"reelcheck/conformance/target"
)

// still is an adapter that only says hello, and hears nothing.
type still struct{ ended chan struct{} }

func (still) Write([]byte, time.Duration) error { return nil }
func (s still) Read(each func([]byte) error) error {
	if err := each([]byte(`{"event":"hello","protocol":1,"can":["mute"]}`)); err != nil {
		return err
	}
	<-s.ended
	return nil
}
func (still) Kill()          {}
func (s still) Close() error { close(s.ended); return nil }
func (still) Ended() error   { return nil }
func (still) Log() string    { return "" }

func open(t testing.TB) (*Driver, *publication) {
	t.Helper()
	j, err := evidence.Create(filepath.Join(t.TempDir(), "evidence"), evidence.About{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(t.Context(), still{make(chan struct{})}, Settings{Folder: filepath.Join(t.TempDir(), "media"), Within: time.Second}, j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.Close(), j.Close()); err != nil {
			t.Error(err)
		}
	})
	p := &publication{
		driver: d, id: "publication-1", serial: 1, media: map[string]wire.Media{}, tracks: map[string]*evidence.Published{}, ended: make(chan struct{}),
		options: publisher.Options{Client: &target.Client{Journal: j}, Name: "alice", Video: "vp8-01", Audio: "tone-01"},
	}
	if err := p.load(new(wire.Command)); err != nil {
		t.Fatal(err)
	}
	p.offered.From = time.Now()
	d.pubs[p.id] = p
	d.links["client-1"] = &link{driver: d, client: "client-1", messages: make(chan []byte, maxUnread), closed: make(chan struct{})}
	d.last = 3
	return d, p
}

func TestWhatAnAdapterLeavesOutFollowsFromTheRate(t *testing.T) {
	t.Parallel()
	_, p := open(t)
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return epoch.Add(time.Duration(seconds * float64(time.Second))) }
	track := evidence.Published{Kind: "video", Epoch: epoch, Rate: 30}
	p.muted = map[string][]evidence.Span{"video": {{From: at(1), To: at(2)}, {From: at(4)}}}
	p.complete(&track, at(5))
	want := []evidence.Units{{From: 30, To: 60}, {From: 120, To: 150}}
	if track.Units != 151-60 || len(track.Unsent) != 2 || track.Unsent[0] != want[0] || track.Unsent[1] != want[1] || !track.Last.Equal(at(5)) {
		t.Errorf("%d units, unsent %v, until %v; want 91, %v", track.Units, track.Unsent, track.Last, want)
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(`{"id":2,"error":"no","refused":true,"status":403}`))
	f.Add([]byte(`{"event":"message","client":"client-1","message":{"type":"connected","connectionId":"c"}}`))
	f.Add([]byte(`{"event":"track","publication":"publication-1","track":{"kind":"video","epoch":"2026-01-01T00:00:00Z","unsent":[{"from":1,"to":0}]}}`))
	f.Add([]byte(`{"event":"ended","publication":"publication-1"}`))
	d, p := open(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		_ = d.take(line) // a bad line is an error
		for kind, track := range p.tracks {
			if track.Client != "alice" || track.Kind != kind || track.LoopUnits == 0 {
				t.Errorf("%s: %+v", kind, track)
			}
		}
	})
}

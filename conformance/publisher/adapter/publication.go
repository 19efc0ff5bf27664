package adapter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/publisher/wire"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Publish implements publisher.Driver.
func (d *Driver) Publish(ctx context.Context, o publisher.Options) (publisher.Publication, error) {
	p := &publication{driver: d, options: o, media: map[string]wire.Media{}, tracks: map[string]*evidence.Published{}, ended: make(chan struct{})}
	c, err := d.command(wire.Publish, o.Entry(), d.at.Publish, o.Values())
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", o.Name, err)
	}
	c.ConnectionID, c.Name, c.VideoType, c.Classes = o.ConnectionID, o.StreamName, o.VideoType, o.Classes
	c.VideoLag, c.AudioLag, c.ReportsAfter = o.VideoLag.Milliseconds(), o.AudioLag.Milliseconds(), o.ReportsAfter.Milliseconds()
	if err := p.load(&c); err != nil {
		return nil, fmt.Errorf("client %s: %w", o.Name, err)
	}
	o.Client.Journal.Redact("client token", o.Token)
	d.mu.Lock()
	p.id = d.name("publication-")
	p.serial = uint32(d.names)
	c.Publication, c.Client = p.id, d.clientOf(o.ConnectionID)
	d.pubs[p.id] = p
	d.mu.Unlock()
	p.offered.From = time.Now().UTC()
	a, err := d.do(ctx, o.Label, c)
	p.offered.To = time.Now().UTC()
	if err == nil && a.StreamID == "" {
		err = errors.New("publish: the answer of the adapter has no streamId")
	}
	if err != nil {
		p.over()
		return nil, err
	}
	return p, p.begin(a.StreamID)
}

// clientOf returns the adapter's name of a connection, or "". Requires d.mu.
func (d *Driver) clientOf(connection string) string {
	for name, k := range d.links {
		if connection != "" && k.connection == connection {
			return name
		}
	}
	return ""
}

// publication is one published stream at the adapter. d.mu guards what is below it.
type publication struct {
	driver   *Driver
	options  publisher.Options
	id       string
	serial   uint32 // in place of the SSRC that an adapter does not tell
	streamID string
	offered  evidence.Span
	once     sync.Once
	ended    chan struct{}

	media  map[string]wire.Media          // by fixture
	tracks map[string]*evidence.Published // by kind: what was told last
	pieces []evidence.Published           // what a switch ended
	muted  map[string][]evidence.Span     // by kind, from the commands
	begun  bool                           // the evidence says that it began
	told   bool                           // the evidence says how it ended
}

// load fills in the media of a command.
func (p *publication) load(c *wire.Command) error {
	for _, m := range []struct {
		id  string
		get func(string) (wire.Media, error)
		to  **wire.Media
	}{{p.options.Video, p.driver.media.video, &c.Video}, {p.options.Audio, p.driver.media.audio, &c.Audio}} {
		if m.id == "" {
			continue
		}
		w, err := m.get(m.id)
		if err != nil {
			return err
		}
		p.media[m.id], *m.to = w, &w
	}
	if len(p.media) == 0 {
		return errors.New("want a video or an audio fixture")
	}
	for _, id := range p.options.Switches {
		w, err := p.driver.media.video(id)
		if err != nil {
			return err
		}
		p.media[id] = w
		c.Switches = append(c.Switches, w)
	}
	return nil
}

// take handles an event. Requires d.mu.
func (p *publication) take(l wire.Line) error {
	if l.Event == wire.Ended {
		reason := l.Text
		if reason == "" {
			reason = "peer"
		}
		err := p.conclude(reason, evidence.Span{}, time.Now().UTC())
		p.over()
		return err
	}
	t, err := p.checked(l.Track)
	if err != nil {
		return fmt.Errorf("track of %s: %w", p.id, err)
	}
	before := p.tracks[t.Kind]
	p.tracks[t.Kind] = t
	switch {
	case t.Ended && t.Reason == "switch":
		delete(p.tracks, t.Kind)
		p.pieces = append(p.pieces, *t)
		return p.tell(*t)
	case p.begun && before == nil && !p.told: // after a switch, or later than the answer
		return p.tell(*t)
	}
	return nil
}

// checked returns a track for the evidence. The adapter says what was sent, and the suite adds what it knows about that.
func (p *publication) checked(t *evidence.Published) (*evidence.Published, error) {
	if t == nil {
		return nil, errors.New("track: missing")
	}
	fixture := map[string]string{"video": p.options.Video, "audio": p.options.Audio}[t.Kind]
	if t.Fixture == "" {
		t.Fixture = fixture
	}
	m, known := p.media[t.Fixture]
	if !known || fixture == "" || t.Kind == "audio" && t.Fixture != fixture {
		return nil, fmt.Errorf("kind %q, fixture %q: not what the publication is made of", t.Kind, t.Fixture)
	}
	now := time.Now()
	if t.Epoch.Before(p.offered.From.Add(-time.Minute)) || t.Epoch.After(now.Add(time.Minute)) {
		return nil, fmt.Errorf("epoch %v, want the moment at which unit 0 was due, since publish was asked for", t.Epoch)
	}
	if t.Units < 0 || t.Packets < 0 || t.Bytes < 0 || max(len(t.Muted), len(t.Unsent), len(t.Away)) > maxSpans {
		return nil, fmt.Errorf("units, packets, bytes and at most %d spans, want none negative", maxSpans)
	}
	if slices.ContainsFunc(t.Unsent, func(u evidence.Units) bool { return u.From < 0 || u.To < u.From || u.To > maxUnits }) {
		return nil, fmt.Errorf("unsent %v, want ranges of units from 0 up", t.Unsent)
	}
	if last := p.tracks[t.Kind]; last != nil && (last.Fixture != t.Fixture || !last.Epoch.Equal(t.Epoch)) {
		return nil, errors.New("fixture or epoch changed without the end of the track with reason switch")
	}
	t.Client, t.VideoType, t.ConnectionData, t.Classes = p.options.Name, p.options.VideoType, p.options.ConnectionData, p.options.InitialClasses()
	t.Rate, t.LoopUnits = m.Rate, m.Units
	if t.Codec == "" {
		t.Codec = m.Codec
	}
	if t.SSRC == 0 {
		t.SSRC = p.serial<<1 | map[string]uint32{"video": 0, "audio": 1}[t.Kind]
	}
	if t.First.IsZero() {
		t.First = t.Epoch
	}
	t.Offered = p.offered
	return t, nil
}

// begin writes what the adapter has told so far.
func (p *publication) begin(stream string) error {
	p.driver.mu.Lock()
	defer p.driver.mu.Unlock()
	p.streamID, p.begun = stream, true
	for _, kind := range slices.Sorted(maps.Keys(p.tracks)) {
		t := *p.tracks[kind]
		t.Offered = p.offered
		if err := p.tell(t); err != nil {
			return err
		}
	}
	return nil
}

// conclude writes how each track ended. What the adapter left out follows from the rate. Requires d.mu.
func (p *publication) conclude(reason string, stopped evidence.Span, at time.Time) error {
	if p.told || !p.begun {
		return nil
	}
	p.told = true
	if len(p.tracks) == 0 {
		return fmt.Errorf("%s: the adapter told of no track", p.id)
	}
	for _, kind := range slices.Sorted(maps.Keys(p.tracks)) {
		t := *p.tracks[kind]
		if !t.Ended {
			p.complete(&t, at)
		}
		t.Ended, t.Reason, t.Offered, t.Stopped = true, reason, p.offered, stopped
		if err := p.tell(t); err != nil {
			return err
		}
	}
	return nil
}

// complete says what a track has sent up to an instant, by its rate and the times at which it was muted.
func (p *publication) complete(t *evidence.Published, at time.Time) {
	t.Last = at
	due := int64(at.Sub(t.Epoch).Seconds()*t.Rate) + 1
	t.Muted, t.Unsent = p.muted[t.Kind], nil
	t.Units = int(due)
	for _, m := range t.Muted {
		to := m.To
		if to.IsZero() {
			to = at
		}
		u := evidence.Units{From: int64(m.From.Sub(t.Epoch).Seconds() * t.Rate), To: min(due, int64(to.Sub(t.Epoch).Seconds()*t.Rate))}
		t.Unsent, t.Units = append(t.Unsent, u), t.Units-int(u.To-u.From)
	}
}

func (p *publication) tell(t evidence.Published) error {
	o := p.options
	ids := map[string]string{evidence.Session: o.Session, evidence.Stream: p.streamID, evidence.Application: o.Client.App.ID}
	if o.ConnectionID != "" {
		ids[evidence.Connection] = o.ConnectionID
	}
	_, err := o.Client.Journal.Append(evidence.Record{
		Scenario: o.Client.Scenario, Label: "published." + o.Name + "." + t.Kind, IDs: ids, Published: &t})
	return err
}

func (p *publication) over() { p.once.Do(func() { close(p.ended) }) }

// StreamID implements publisher.Publication.
func (p *publication) StreamID() string { return p.streamID }

// Ended implements publisher.Publication.
func (p *publication) Ended() <-chan struct{} { return p.ended }

// about gives a command about the publication that needs an ability.
func (p *publication) about(ctx context.Context, label string, need config.Ability, c wire.Command) error {
	if need != "" && !slices.Contains(p.driver.can, need) {
		return fmt.Errorf("internal error: the adapter cannot %s", need.Says())
	}
	c.Publication = p.id
	_, err := p.driver.do(ctx, label, c)
	return err
}

// Mute implements publisher.Publication.
func (p *publication) Mute(kind string, muted bool) error {
	if err := p.about(context.Background(), p.options.Label, config.CanMute, wire.Command{Do: wire.Mute, Kind: kind, Muted: &muted}); err != nil {
		return err
	}
	at := time.Now().UTC()
	p.driver.mu.Lock()
	defer p.driver.mu.Unlock()
	if p.muted == nil {
		p.muted = map[string][]evidence.Span{}
	}
	spans := p.muted[kind]
	switch open := len(spans) > 0 && spans[len(spans)-1].To.IsZero(); {
	case muted && !open:
		p.muted[kind] = append(spans, evidence.Span{From: at})
	case !muted && open:
		spans[len(spans)-1].To = at
	}
	return nil
}

// Switch implements publisher.Publication.
func (p *publication) Switch(video string) error {
	m, err := p.driver.media.video(video)
	if err != nil {
		return err
	}
	p.driver.mu.Lock()
	p.media[video] = m
	p.driver.mu.Unlock()
	return p.about(context.Background(), p.options.Label, config.CanSwitch, wire.Command{Do: wire.Switch, Video: &m})
}

// Disconnect implements publisher.Publication.
func (p *publication) Disconnect() error {
	return p.about(context.Background(), p.options.Label, config.CanCut, wire.Command{Do: wire.Cut})
}

// Reconnect implements publisher.Publication.
func (p *publication) Reconnect(ctx context.Context, label string) error {
	return p.about(ctx, label, config.CanCut, wire.Command{Do: wire.Restore})
}

// Stop implements publisher.Publication.
func (p *publication) Stop(ctx context.Context, label string) error {
	return p.finish(ctx, label, wire.Unpublish, "delete")
}

// Abandon implements publisher.Publication.
func (p *publication) Abandon() error {
	return p.finish(context.Background(), p.options.Label, wire.Abandon, "abrupt")
}

func (p *publication) finish(ctx context.Context, label, do, reason string) error {
	defer p.over()
	var err error
	stopped := evidence.Span{From: time.Now().UTC()}
	if !p.isOver() {
		err = p.about(ctx, label, "", wire.Command{Do: do})
	}
	stopped.To = time.Now().UTC()
	var refused *target.RefusedError
	if errors.As(err, &refused) { // as with a request to stop that fails, the evidence judges
		err = nil
	}
	at := stopped.From
	if do != wire.Unpublish {
		stopped = evidence.Span{} // nobody was told
	}
	p.driver.mu.Lock()
	defer p.driver.mu.Unlock()
	return errors.Join(err, p.conclude(reason, stopped, at))
}

func (p *publication) isOver() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

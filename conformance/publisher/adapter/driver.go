// Package adapter lets clients of others take part: an adapter connects and publishes as it is told, line by line.
// spec/publisher-protocol.md describes the lines. The packages command and browser hold what carries them.
package adapter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/publisher"
	"reelcheck/conformance/publisher/wire"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// maxSpans limits the spans of one kind that an adapter may tell of a track.
const maxSpans = 10_000

// maxUnits limits the number of a unit: a year of packets of 10 ms.
const maxUnits = 100 * 3600 * 24 * 366

// Lines carries lines to an adapter and back.
type Lines interface {
	// Write sends a line, which ends with a line break, within a time.
	Write(line []byte, within time.Duration) error
	// Read calls each for every line, until no line will come any more or each fails. Errors say which line it was.
	Read(each func([]byte) error) error
	// Kill ends the adapter at once. It does not wait.
	Kill()
	// Close asks the adapter to end, waits for it and reaps it.
	Close() error
	// Ended returns why the adapter ended by itself, or nil. It waits for its end.
	Ended() error
	// Log returns the end of what the adapter wrote to its log.
	Log() string
}

// Driver is a running adapter. Its calls may be made side by side.
type Driver struct {
	journal *evidence.Journal
	lines   Lines
	at      config.WHIP
	within  time.Duration // of an answer
	media   *media
	can     []config.Ability
	hello   chan wire.Line
	reader  sync.WaitGroup

	mu      sync.Mutex
	greeted bool
	running bool      // it may not end
	heard   time.Time // when its last line came
	silent  error     // why it was given up
	since   time.Time // when it was first missed
	last    int64     // id of the last command
	names   int       // of clients and publications
	waiting map[int64]chan wire.Line
	links   map[string]*link
	pubs    map[string]*publication
	gone    chan struct{} // closed when no line will come any more
	err     error         // why; set before gone is closed
}

var _ publisher.Driver = (*Driver)(nil)

// Settings are what a driver needs beside the lines.
type Settings struct {
	Folder string        // for the media; removed by Close
	Within time.Duration // limits each command
	At     config.WHIP   // what commands say about addresses
}

// Open waits for the first line of an adapter. The caller must call Close before it closes the journal; if Open fails, it has done so.
func Open(ctx context.Context, lines Lines, s Settings, j *evidence.Journal) (*Driver, error) {
	folder, err := filepath.Abs(s.Folder)
	if err != nil {
		return nil, errors.Join(err, lines.Close())
	}
	s.At.Default()
	d := &Driver{
		journal: j, lines: lines, at: s.At, within: s.Within, media: &media{folder: folder}, hello: make(chan wire.Line, 1),
		waiting: map[int64]chan wire.Line{}, links: map[string]*link{}, pubs: map[string]*publication{}, gone: make(chan struct{}),
	}
	d.reader.Go(func() { d.end(lines.Read(d.take)) })
	if err := d.greet(ctx); err != nil {
		lines.Kill() // one that does not greet is not asked to end
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// greet waits for the first line.
func (d *Driver) greet(ctx context.Context) error {
	t := time.NewTimer(d.within)
	defer t.Stop()
	select {
	case l := <-d.hello:
		if l.Protocol != wire.Version {
			return fmt.Errorf("protocol %d, want %d", l.Protocol, wire.Version)
		}
		for _, word := range l.Can {
			if !slices.Contains(config.Abilities, config.Ability(word)) {
				return fmt.Errorf("can: unknown %q, want some of %v", word, config.Abilities)
			}
			d.can = append(d.can, config.Ability(word))
		}
		d.mu.Lock()
		d.running = true
		d.mu.Unlock()
		return d.note("adapter", evidence.Note, fmt.Sprintf("%s can %v", l.Name, d.can))
	case <-d.gone:
		return d.err
	case <-t.C:
		return fmt.Errorf("no line with the event hello within %v", d.within)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Driver) note(label string, as evidence.Outcome, text string) error {
	_, err := d.journal.Append(evidence.Record{Label: label, Step: &evidence.Step{Outcome: as, Text: text}})
	return err
}

// Can implements publisher.Driver.
func (d *Driver) Can() []config.Ability { return d.can }

// Close ends the adapter, and writes the end of its log to the evidence.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.running = false
	d.mu.Unlock()
	err := d.lines.Close()
	d.reader.Wait()
	if text := d.lines.Log(); text != "" {
		err = errors.Join(err, d.note("adapter.log", evidence.Note, text))
	}
	return errors.Join(err, os.RemoveAll(d.media.folder))
}

// Gone is closed when no line of the adapter will come any more. If it ended by itself, the evidence says so.
func (d *Driver) Gone() <-chan struct{} { return d.gone }

// end tells everybody that no line will come any more.
func (d *Driver) end(err error) {
	d.lines.Kill() // one that breaks the protocol is of no use
	at := time.Now()
	if ended := d.lines.Ended(); err == nil && ended != nil {
		err = fmt.Errorf("the adapter ended: %w", ended)
	} else if err == nil {
		err = errors.New("the adapter ended")
	}
	if text := d.lines.Log(); text != "" {
		err = fmt.Errorf("%w; its log ends with:\n%s", err, text[max(0, len(text)-800):])
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.silent != nil {
		err, at = d.silent, d.since
	}
	if d.running {
		_, jerr := d.journal.Append(evidence.Record{Time: at, Label: "adapter", Harness: &evidence.Harness{Kind: evidence.AdapterEnded, Message: err.Error()}})
		err = errors.Join(err, jerr)
	}
	d.err = err
	close(d.gone)
	for _, p := range d.pubs {
		p.over()
	}
}

// giveUp ends an adapter of which no line has come since a command was given at sent, if that is long ago.
func (d *Driver) giveUp(do string, sent time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if waited := time.Since(sent); d.silent == nil && d.heard.Before(sent) && waited >= d.within/2 {
		d.silent, d.since = fmt.Errorf("the adapter said nothing for %v after it was told to %s", waited.Round(time.Second/10), do), sent
		d.lines.Kill()
	}
}

// do sends a command and waits for its answer. An error of the adapter is one of the suite; a refusal is a
// *target.RefusedError with the label.
func (d *Driver) do(ctx context.Context, label string, c wire.Command) (wire.Line, error) {
	answer := make(chan wire.Line, 1)
	d.mu.Lock()
	d.last++
	c.ID = d.last
	c.Within = d.within.Milliseconds()
	d.waiting[c.ID] = answer
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		delete(d.waiting, c.ID)
		d.mu.Unlock()
	}()
	sent := time.Now()
	line, err := wire.Encode(c)
	if err == nil {
		err = d.lines.Write(line, d.within)
	}
	t := time.NewTimer(d.within)
	defer t.Stop()
	if err != nil {
		if errors.Is(err, syscall.EPIPE) { // the adapter has ended, and the reader will say why
			select {
			case <-d.gone:
			case <-t.C:
			case <-ctx.Done():
			}
		}
		select {
		case <-d.gone:
			err = d.err
		default:
		}
		return wire.Line{}, fmt.Errorf("%s: %w", c.Do, err)
	}
	select {
	case l := <-answer:
		switch {
		case l.Refused:
			return l, &target.RefusedError{Label: label, Status: l.Status, Err: errors.New(l.Error)}
		case l.Error != "":
			return l, fmt.Errorf("%s: the adapter says: %s", c.Do, l.Error)
		}
		return l, nil
	case <-d.gone:
		return wire.Line{}, fmt.Errorf("%s: %w", c.Do, d.err)
	case <-t.C:
	case <-ctx.Done():
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return wire.Line{}, ctx.Err()
		}
	}
	d.giveUp(c.Do, sent)
	return wire.Line{}, fmt.Errorf("%s: no answer of the adapter within %v", c.Do, time.Since(sent).Round(time.Second/10))
}

// take handles a line. An error ends the adapter.
func (d *Driver) take(line []byte) error {
	var l wire.Line
	if err := wire.Decode(line, &l); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = time.Now()
	if l.Event == "" {
		answer := d.waiting[l.ID]
		if answer == nil && (l.ID < 1 || l.ID > d.last) {
			return fmt.Errorf("an answer to the command %d, which was not given", l.ID)
		}
		if answer != nil { // otherwise it is late
			delete(d.waiting, l.ID)
			answer <- l
		}
		return nil
	}
	switch l.Event {
	case wire.Hello:
		if d.greeted {
			return errors.New("a second hello")
		}
		d.greeted = true
		d.hello <- l
		return nil
	case wire.Trouble:
		scenario := "" // no scenario in particular
		if p := d.pubs[l.Publication]; p != nil {
			scenario = p.options.Client.Scenario
		}
		_, err := d.journal.Append(evidence.Record{Scenario: scenario, Label: "adapter", Harness: &evidence.Harness{Kind: "publisher", Message: l.Text}})
		return err
	case wire.Message, wire.Closed:
		k := d.links[l.Client]
		if k == nil {
			return fmt.Errorf("%s: unknown client %q", l.Event, l.Client)
		}
		return k.take(l)
	case wire.Track, wire.Ended:
		p := d.pubs[l.Publication]
		if p == nil {
			return fmt.Errorf("%s: unknown publication %q", l.Event, l.Publication)
		}
		return p.take(l)
	}
	return fmt.Errorf("unknown event %q", l.Event)
}

// name makes up the name of a client or publication. Requires d.mu.
func (d *Driver) name(prefix string) string {
	d.names++
	return prefix + strconv.Itoa(d.names)
}

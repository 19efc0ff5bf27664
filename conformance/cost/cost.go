// Package cost counts what a run does to a target that somebody pays for: archives, archived time, bytes. [Recorded] says what
// each scenario did in a recorded run, so that a plan can tell it beforehand:
//
//	var c cost.Counter
//	c.Add(records...)
//	sum := c.Sums()["composed-pair"]
package cost

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Cost is what a scenario, or a run, does to its target.
type Cost struct {
	Archives int `json:"archives"`
	// Seconds are the recorded seconds of all archives, by what vendors bill: output mode and, of composed archives, resolution.
	Seconds  map[string]float64 `json:"seconds,omitempty"`
	Sent     int64              `json:"sent,omitempty"`     // bytes of media that clients published
	Received int64              `json:"received,omitempty"` // bytes of files that were downloaded
	Took     float64            `json:"took"`               // seconds from begin to end, without waits for policy time
}

// Minutes returns the recorded minutes of all archives.
func (c Cost) Minutes() float64 {
	sum := 0.0
	for _, s := range c.Seconds {
		sum += s
	}
	return sum / 60
}

// Plus returns the sum of both costs. Took is the sum too, as if one came after the other.
func (c Cost) Plus(o Cost) Cost {
	seconds := maps.Clone(c.Seconds)
	if seconds == nil {
		seconds = map[string]float64{}
	}
	for kind, s := range o.Seconds {
		seconds[kind] += s
	}
	return Cost{c.Archives + o.Archives, seconds, c.Sent + o.Sent, c.Received + o.Received, c.Took + o.Took}
}

// As returns the cost with the seconds of each kind as those of another one; of "" they are left out.
func (c Cost) As(kind func(string) string) Cost {
	out := c
	out.Seconds = map[string]float64{}
	for k, s := range c.Seconds {
		if as := kind(k); as != "" {
			out.Seconds[as] += s
		}
	}
	return out
}

// Longer returns the cost of a scenario whose archives record for as much longer, because policy time passes by
// waiting. It is an upper bound: not every archive records all the time.
func (c Cost) Longer(d time.Duration) Cost {
	out := Cost{Seconds: map[string]float64{}}.Plus(c)
	for kind, s := range out.Seconds {
		share := s / max(c.Minutes()*60, 1)
		out.Seconds[kind] += share * float64(c.Archives) * d.Seconds()
	}
	out.Took += d.Seconds()
	return out
}

// archive is an archive that the target recorded for the suite.
type archive struct {
	scenario, kind string
	label          string // of the record that shows its start
	received       int64
	began, ended   time.Time // ended is the zero time while it records
}

// Counter adds up what records of evidence show. The zero Counter is ready.
type Counter struct {
	archives map[string]*archive
	sessions map[string]bool // that the suite made
	sent     map[track]sent
	received map[string]int64 // by scenario
	first    map[string]time.Time
	last     map[string]time.Time
	waited   map[string]time.Duration
}

type track struct {
	ssrc  uint32
	epoch int64
}

type sent struct {
	scenario string
	bytes    int64
}

// Add counts further records.
func (c *Counter) Add(records ...evidence.Record) {
	if c.archives == nil {
		*c = Counter{map[string]*archive{}, map[string]bool{}, map[track]sent{}, map[string]int64{}, map[string]time.Time{}, map[string]time.Time{}, map[string]time.Duration{}}
	}
	for _, r := range records {
		if _, began := c.first[r.Scenario]; !began {
			c.first[r.Scenario] = r.Time
		}
		c.last[r.Scenario] = r.Over()
		c.add(r)
	}
}

func (c *Counter) add(r evidence.Record) {
	switch {
	case r.Exchange != nil:
		if s := r.IDs[evidence.Session]; s != "" {
			c.sessions[s] = true
		}
		c.answer(r)
	case r.Webhook != nil:
		var a object
		if r.Webhook.Body.Decode(&a) == nil {
			c.see(r, a, r.Time)
		}
	case r.Published != nil:
		key := track{r.Published.SSRC, r.Published.Epoch.UnixNano()}
		c.sent[key] = sent{r.Scenario, max(c.sent[key].bytes, r.Published.Bytes)}
	case r.Object != nil && r.Object.SHA256 != "":
		if a := c.archives[r.IDs[evidence.Archive]]; a != nil {
			a.received += r.Object.Size
		} else {
			c.received[r.Scenario] += r.Object.Size
		}
	case r.Watch != nil && r.Watch.What == evidence.PolicyTime:
		c.waited[r.Scenario] += r.Watch.To.Sub(r.Watch.From)
	}
}

// object is an archive in an answer or a callback.
type object struct{ ID, SessionID, Status, OutputMode, Resolution string }

func (c *Counter) answer(r evidence.Record) {
	e := r.Exchange
	if e.Status() != http.StatusOK {
		return
	}
	var got struct {
		object
		Items []object
	}
	if json.Unmarshal([]byte(e.Response.Body.Text), &got) != nil {
		return
	}
	if e.Operation == evidence.StartArchive {
		c.sessions[got.SessionID] = true
	}
	for _, a := range append(got.Items, got.object) {
		c.see(r, a, r.Over())
	}
}

// see counts an archive of the suite's own sessions, and notes when it was first seen no longer to record.
func (c *Counter) see(r evidence.Record, a object, at time.Time) {
	if a.ID == "" || !c.sessions[a.SessionID] {
		return
	}
	known := c.archives[a.ID]
	if known == nil {
		known = &archive{scenario: r.Scenario, label: r.Label, kind: kind(a), began: at}
		c.archives[a.ID] = known
	}
	if r.Exchange != nil && r.Exchange.Operation == evidence.StartArchive { // its callback may come before
		known.label = r.Label
	}
	if known.ended.IsZero() && slices.Contains(over, a.Status) {
		known.ended = at
	}
}

// over are the statuses of an archive that does not record any more.
var over = []string{"stopped", "uploaded", "available", "expired", "failed", "deleted"}

// kind returns the kind of an archive in the words of a bill.
func kind(a object) string {
	if a.OutputMode == "individual" {
		return a.OutputMode
	}
	return strings.TrimSpace("composed " + a.Resolution)
}

// Sums returns the costs by scenario. An archive that still records does so until the last record of its scenario.
func (c *Counter) Sums() map[string]Scenario {
	out := map[string]Scenario{}
	for name, first := range c.first {
		if name != "" {
			out[name] = Scenario{Cost: Cost{Received: c.received[name], Took: (c.last[name].Sub(first) - c.waited[name]).Seconds()}}
		}
	}
	for _, a := range c.archives {
		sum, ended := out[a.scenario], a.ended
		if ended.IsZero() {
			ended = c.last[a.scenario]
		}
		one := Cost{Archives: 1, Seconds: map[string]float64{a.kind: max(ended.Sub(a.began), 0).Seconds()}, Received: a.received}
		out[a.scenario] = sum.with(one, Needed(a.scenario, a.label))
	}
	for _, s := range c.sent {
		sum := out[s.scenario]
		sum.Sent += s.bytes
		out[s.scenario] = sum
	}
	return out
}

// Total returns the costs of all scenarios.
func (c *Counter) Total() Cost {
	var total Cost
	for _, sum := range c.Sums() {
		total = total.Plus(sum.sum(func(string) bool { return true }))
	}
	return total
}

// Caps limit what a run may do. 0 is no limit.
type Caps struct {
	Archives int
	Minutes  float64
	Bytes    int64 // sent and received
}

// Excess is what a cost has more of than a cap allows.
type Excess struct{ What, Cap string }

func (e *Excess) Error() string { return e.What + " are more than " + e.Cap }

// Exceeded returns an [Excess] if c has more than a cap allows.
func (l Caps) Exceeded(c Cost) error {
	switch {
	case l.Archives > 0 && c.Archives > l.Archives:
		return &Excess{fmt.Sprintf("%d archives", c.Archives), fmt.Sprintf("--max-archives %d", l.Archives)}
	case l.Minutes > 0 && c.Minutes() > l.Minutes:
		return &Excess{fmt.Sprintf("%.1f archived minutes", c.Minutes()), fmt.Sprintf("--max-minutes %g", l.Minutes)}
	case l.Bytes > 0 && c.Sent+c.Received > l.Bytes:
		return &Excess{fmt.Sprintf("%d bytes sent and received", c.Sent+c.Received), fmt.Sprintf("--max-bytes %d", l.Bytes)}
	}
	return nil
}

package facts

import (
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Sighting is one archive object that the target showed, in an answer or in a callback.
type Sighting struct {
	Object
	At  evidence.Record
	Via evidence.Operation // or ViaCallback
}

// ViaCallback stands in place of the operation when an object came in a callback.
const ViaCallback evidence.Operation = "callback"

func (s Sighting) Status() string { return s.Text("status") }

// Answered is when the object had been received, asked when it was asked for.
func (s Sighting) Answered() time.Time { return s.At.Over() }

func (s Sighting) Asked() time.Time { return s.At.Sent() }

// History is everything seen of one archive, in the order of the evidence.
type History struct {
	ID       string
	Scenario string
	Start    evidence.Record // the exchange that started it; no exchange for automatic archives
	Request  Object          // the body of that exchange
	Seen     []Sighting      // in answers
	Hooks    []Sighting      // callbacks
	Objects  []evidence.Record
	Watches  []evidence.Record // what was watched about it, and for how long
	Events   []evidence.Record // that clients received about it
	Stops    []evidence.Record // stop calls by its application
	Deletes  []evidence.Record
	Media    []evidence.Record // forensics of its file
	// Individual has what was found in its ZIP, when it is of individual streams.
	Individual []evidence.Record
	Opened     []evidence.Record // its encrypted objects, decrypted
	uploads    []evidence.Record // requests for it that the suite's store saw
}

// App is the application that started it.
func (h *History) App() string { return h.Start.IDs[evidence.Application] }

// IsIndividual tells whether an individual archive was asked for.
func (h *History) IsIndividual() bool { return h.Request.Text("outputMode") == "individual" }

// Session is the session that the archive says it belongs to.
func (h *History) Session() string {
	for _, s := range slices.Concat(h.Seen, h.Hooks) {
		if id := s.Text("sessionId"); id != "" {
			return id
		}
	}
	return ""
}

// Reads are the single reads of an archive by its own application that were answered.
func (h *History) Reads() []Sighting {
	var out []Sighting
	for _, s := range h.Seen {
		if s.Via == evidence.GetArchive {
			out = append(out, s)
		}
	}
	return out
}

// NextSeen is the first answer about h that was asked for after r.
func (h *History) NextSeen(r evidence.Record) (Sighting, bool) {
	for _, s := range h.Seen {
		if s.Asked().After(r.Over()) {
			return s, true
		}
	}
	return Sighting{}, false
}

// LastBefore is the newest sighting of h before r.
func (h *History) LastBefore(r evidence.Record) (last Sighting, ok bool) {
	for _, s := range slices.Concat(h.Seen, h.Hooks) {
		if s.Answered().Before(r.Sent()) && (!ok || s.Answered().After(last.Answered())) {
			last, ok = s, true
		}
	}
	return last, ok
}

// FirstStop is the call that ended h: sent while h was in progress.
func (h *History) FirstStop() (evidence.Record, bool) {
	for _, r := range h.Stops {
		if !h.EndedBefore(r) {
			return r, true
		}
	}
	return evidence.Record{}, false
}

func (h *History) StoppedBetween(from, to evidence.Record) bool {
	return slices.ContainsFunc(h.Stops, func(r evidence.Record) bool { return r.Sent().After(from.Sent()) && !r.Sent().After(to.Sent()) })
}

func (h *History) EndedBefore(r evidence.Record) bool {
	ended := func(s Sighting) bool {
		return s.Answered().Before(r.Sent()) && !InProgress(s.Status()) && !strings.HasPrefix(s.Status(), "stream") // a notice is no status
	}
	return slices.ContainsFunc(h.Seen, ended) || slices.ContainsFunc(h.Hooks, ended)
}

func (h *History) DeletedBefore(r evidence.Record) bool {
	return slices.ContainsFunc(h.Deletes, func(d evidence.Record) bool { return d.Over().Before(r.Sent()) && d.Exchange.Status() == 204 })
}

// Delivered are the sightings of h that tell about its file.
func (h *History) Delivered() []Sighting {
	var out []Sighting
	for _, s := range slices.Concat(h.Seen, h.Hooks) {
		if s.Status() == "uploaded" || s.Status() == "available" {
			out = append(out, s)
		}
	}
	return out
}

// Stored are the objects of an archive at its upload target, downloaded or listed.
func (h *History) Stored(fetched bool) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.Objects {
		if r.Object.Store == "s3" && (r.Object.SHA256 != "" || !fetched) {
			out = append(out, r)
		}
	}
	return out
}

func (h *History) HookList() string {
	var s []string
	for _, hook := range h.Hooks {
		s = append(s, hook.Status())
	}
	return "[" + strings.Join(s, " ") + "]"
}

// StopSeen brackets the real end of an archive: the last moment it was surely in
// progress and the first moment it surely was not.
func (f *Facts) StopSeen(h *History) (alive, dead []Sighting) {
	for _, s := range h.Seen {
		if InProgress(s.Status()) {
			alive = append(alive, s)
		} else {
			dead = append(dead, s)
		}
	}
	return alive, dead
}

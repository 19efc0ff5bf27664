package facts

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/jsonvalue"
)

// Sighting is one archive object that the target showed in an answer or a callback.
type Sighting struct {
	jsonvalue.Object
	At  evidence.Record
	Via evidence.Operation // or ViaCallback
}

// ViaCallback stands for the operation of an object that came in a callback.
const ViaCallback evidence.Operation = "callback"

// Status returns the status in the object, "" if it has none.
func (s Sighting) Status() string { return s.Text("status") }

// OmitsReason reports whether the file is delivered and the reason of the stop is not repeated, as in the page's sample of
// a callback (ARC-CB-17).
func (s Sighting) OmitsReason() bool {
	return slices.Contains([]string{"uploaded", "available", "expired"}, s.Status()) && s.Object["reason"] == ""
}

// Later reports whether a shows a later change than b. It returns false if one of them has no updatedAt.
func Later(a, b Sighting) bool {
	at, known := a.Whole("updatedAt")
	before, too := b.Whole("updatedAt")
	return known && too && at > before
}

// ByChange sorts callbacks by the changes that they announce, not by their arrival: they may arrive in any order
// (ARC-STAT-09). If one of them has no updatedAt, the order stays as it is.
func ByChange(hooks []Sighting) []Sighting {
	if slices.ContainsFunc(hooks, func(s Sighting) bool { _, known := s.Whole("updatedAt"); return !known }) {
		return hooks
	}
	sorted := slices.Clone(hooks)
	slices.SortStableFunc(sorted, func(a, b Sighting) int {
		x, _ := a.Whole("updatedAt")
		y, _ := b.Whole("updatedAt")
		return cmp.Compare(x, y)
	})
	return sorted
}

// Answered returns when the object had been received.
func (s Sighting) Answered() time.Time { return s.At.Over() }

// Asked returns when the request for the object went out, or when its callback came.
func (s Sighting) Asked() time.Time { return s.At.Sent() }

// Crosses reports whether the object was asked for before an earlier answer had come. Nothing then tells which of the two is newer.
func (s Sighting) Crosses(earlier Sighting) bool { return s.Asked().Before(earlier.Answered()) }

// History is everything that was seen of one archive, in the order of the evidence.
type History struct {
	ID       string
	Scenario string // that started it; others may see it first, where they share an application
	// Start is the exchange that started it. That of an automatic archive has no Exchange: it is the arrival of the
	// session's first client.
	Start   evidence.Record
	Request jsonvalue.Object  // the body of that exchange, or what was asked for with the session
	Begun   Span              // the real time in which it began
	Follows bool              // an automatic archive that is not the first one of its session
	Seen    []Sighting        // objects in answers
	Hooks   []Sighting        // objects in callbacks
	Objects []evidence.Record // its file, as it was listed and downloaded
	Beside  []evidence.Record // other objects at its target with its id in their keys
	Watches []evidence.Record // how long it was watched for something, and what came
	Events  []evidence.Record // events about it that clients received
	Stops   []evidence.Record // stop calls by its application
	Deletes []evidence.Record
	Media   []evidence.Record // forensics of its file
	// Individual holds the reports on the ZIP of an archive of individual streams.
	Individual []evidence.Record
	Opened     []evidence.Record // its encrypted objects, decrypted
	uploads    []evidence.Record // requests for it that the suite's store saw
}

// CreatedAt returns the createdAt of the last read or list or, without any, of the last callback.
func (h *History) CreatedAt() int64 {
	shown := slices.Concat(h.Hooks, h.Seen)
	if len(shown) == 0 {
		return 0
	}
	ms, _ := shown[len(shown)-1].Whole("createdAt")
	return ms
}

// firstShown returns when the target had first shown the archive, in an answer or a callback.
func (h *History) firstShown() (first time.Time) {
	for _, s := range slices.Concat(h.Seen, h.Hooks) {
		if at := s.Answered(); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// App returns the id of the application that started the archive, or in whose session it began by itself.
func (h *History) App() string { return h.Start.IDs[evidence.Application] }

// IsIndividual reports whether the start asked for an individual stream archive.
func (h *History) IsIndividual() bool { return h.Request.Text("outputMode") == "individual" }

// IsManual reports whether the start left it to calls to choose the streams.
func (h *History) IsManual() bool { return h.Request.Text("streamMode") == "manual" }

// Session returns the id of the session that the archive belongs to.
func (h *History) Session() string {
	for _, seen := range [][]Sighting{h.Seen, h.Hooks} {
		for i := range seen {
			if id := seen[i].Text("sessionId"); id != "" {
				return id
			}
		}
	}
	return ""
}

// Reads returns the answered reads of this single archive by its own application.
func (h *History) Reads() []Sighting {
	var out []Sighting
	for _, s := range h.Seen {
		if s.Via == evidence.GetArchive {
			out = append(out, s)
		}
	}
	return out
}

// NextSeen returns the first answer about h that was requested after r.
func (h *History) NextSeen(r evidence.Record) (Sighting, bool) {
	for _, s := range h.Seen {
		if s.Asked().After(r.Over()) {
			return s, true
		}
	}
	return Sighting{}, false
}

// LastBefore returns the newest sighting of h before r.
func (h *History) LastBefore(r evidence.Record) (last Sighting, ok bool) {
	for _, s := range slices.Concat(h.Seen, h.Hooks) {
		if s.Answered().Before(r.Sent()) && (!ok || s.Answered().After(last.Answered())) {
			last, ok = s, true
		}
	}
	return last, ok
}

// FirstStop returns the stop call that ended h: the first one sent while h was in progress. A stop that is refused does not count if h is
// then seen failed, because it may have failed before.
func (h *History) FirstStop() (evidence.Record, bool) {
	for _, r := range h.Stops {
		next, seen := h.NextSeen(r)
		if failed := r.Exchange.Status() == 409 && seen && next.Status() == "failed"; !failed && !h.EndedBefore(r) {
			return r, true
		}
	}
	return evidence.Record{}, false
}

// StoppedBetween reports whether a stop was requested after from was sent and no later than to was.
func (h *History) StoppedBetween(from, to evidence.Record) bool {
	return slices.ContainsFunc(h.Stops, func(r evidence.Record) bool { return r.Sent().After(from.Sent()) && !r.Sent().After(to.Sent()) })
}

// EndedBefore reports whether the target had said, before r was sent, that the archive is not in progress any more.
func (h *History) EndedBefore(r evidence.Record) bool {
	ended := func(s Sighting) bool {
		return s.Answered().Before(r.Sent()) && !InProgress(s.Status()) && !strings.HasPrefix(s.Status(), "stream") // callbacks about streams have no archive status
	}
	return slices.ContainsFunc(h.Seen, ended) || slices.ContainsFunc(h.Hooks, ended)
}

// DeletedBefore reports whether a deletion had succeeded before r was sent.
func (h *History) DeletedBefore(r evidence.Record) bool {
	return slices.ContainsFunc(h.Deletes, func(d evidence.Record) bool { return d.Over().Before(r.Sent()) && d.Exchange.Status() == 204 })
}

// Delivered returns the sightings of h in which its file is uploaded or available.
func (h *History) Delivered() []Sighting {
	var out []Sighting
	for _, s := range slices.Concat(h.Seen, h.Hooks) {
		if s.Status() == "uploaded" || s.Status() == "available" {
			out = append(out, s)
		}
	}
	return out
}

// Stored returns the objects of an archive in the suite's S3 store. If fetched is true, it returns only those that were
// downloaded.
func (h *History) Stored(fetched bool) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.Objects {
		if r.Object.Store == "s3" && (r.Object.SHA256 != "" || !fetched) {
			out = append(out, r)
		}
	}
	return out
}

// AllStored is Stored with the objects beside the file.
func (h *History) AllStored() []evidence.Record {
	out := h.Stored(false)
	for _, r := range h.Beside {
		if r.Object.Store == "s3" {
			out = append(out, r)
		}
	}
	return out
}

// Keys returns the keys that the file of an archive may have (ARC-STO-02, ARC-IND-20).
func (f *Facts) Keys(h *History) []string {
	name := "archive.mp4"
	if h.IsIndividual() {
		name = "archive.zip"
	}
	var out []string
	for _, id := range f.Projects(h) {
		out = append(out, id+"/"+h.ID+"/"+name)
	}
	return out
}

// setAside moves the objects beside the file out of Objects. Without an object of the right key all of them may be the file.
func (f *Facts) setAside() {
	for _, h := range f.Archives {
		if len(h.Objects) < 2 || h.App() == "" {
			continue
		}
		keys := f.Keys(h)
		right := func(r evidence.Record) bool { return r.Object.Store == "cloud" || slices.Contains(keys, r.Object.Key) }
		if slices.ContainsFunc(h.Objects, right) {
			all := h.Objects
			h.Objects = nil
			for _, r := range all {
				if right(r) {
					h.Objects = append(h.Objects, r)
				} else {
					h.Beside = append(h.Beside, r)
				}
			}
		}
	}
}

// HookList returns the statuses of all callbacks, for messages.
func (h *History) HookList() string {
	var s []string
	for _, hook := range h.Hooks {
		s = append(s, hook.Status())
	}
	return "[" + strings.Join(s, " ") + "]"
}

// Ended returns the stretch of real time in which the archive ended, as answers and callbacks show it: between the last
// that was asked for while it was in progress and the first that shows its end. ok is false if none shows its end.
func (h *History) Ended() (at Span, ok bool) {
	at.From = h.Begun.From
	for _, s := range slices.Concat(h.Seen, h.Hooks) {
		ended := s.Status() == "stopped" || Final(s.Status())
		if ended && (at.To.IsZero() || s.Answered().Before(at.To)) {
			at.To = s.Answered()
		}
	}
	for _, s := range h.Seen {
		if InProgress(s.Status()) && s.Asked().After(at.From) && s.Asked().Before(at.To) {
			at.From = s.Asked()
		}
	}
	return at, !at.To.IsZero()
}

// StopSeen returns the answers that show the archive in progress, and those that do not. Its real end lies between them.
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

package spec

import (
	"fmt"
	"slices"
)

// States are the statuses of an archive and the transitions between them.
type States struct {
	Statuses    []Status
	Notices     []Notice
	Transitions []Transition
	Reasons     []Reason
}

// Phase is the phase of a status in the life of an archive.
type Phase string

// The phases follow each other in this order; a failed archive skips some.
const (
	Recording  Phase = "recording"
	Delivering Phase = "delivering"
	Delivered  Phase = "delivered" // readable, but may still expire
	Final      Phase = "final"     // never left
)

// Status is a status that an archive can have.
type Status struct {
	Name    string
	Phase   Phase
	Clauses []string
}

// Notice is a status that only callbacks have. The archive keeps its own.
type Notice struct {
	Name    string
	Clauses []string
}

// None is the From of transitions that create an archive.
const None = "none"

// Transition is a step from one status to another.
type Transition struct {
	From, Event, Needs, To string
	Reason                 string // of the archive after it; empty keeps the old one
	Clauses                []string
}

// Allows reports whether any transition leads from one status to another.
func (s States) Allows(from, to string) bool {
	for _, t := range s.Transitions {
		if t.From == from && t.To == to {
			return true
		}
	}
	return false
}

// Reason is a word for why an archive stopped or failed, or why a stream was removed. Of names the status or notice.
type Reason struct {
	Name, Of string
	Clauses  []string
}

func (v *validator) statuses() {
	s := v.States
	unique(v, "status", s.Statuses, func(s Status) string { return s.Name })
	unique(v, "notice", s.Notices, func(n Notice) string { return n.Name })
	unique(v, "reason", s.Reasons, func(r Reason) string { return r.Name })
	for _, status := range s.Statuses {
		where := "status " + status.Name
		word(v, where, "phase", status.Phase, phases)
		v.references(where, status.Clauses)
		reached := slices.ContainsFunc(s.Transitions, func(t Transition) bool { return t.To == status.Name })
		left := slices.ContainsFunc(s.Transitions, func(t Transition) bool { return t.From == status.Name })
		if !reached {
			v.failf("%s: no transition leads to it", where)
		}
		if left == (status.Phase == Final) {
			v.failf("%s: final statuses have no transitions, all others have", where)
		}
	}
	for _, n := range s.Notices {
		v.references("notice "+n.Name, n.Clauses)
	}
	for _, r := range s.Reasons {
		where := "reason " + r.Name
		v.references(where, r.Clauses)
		if !v.isStatus(r.Of) && !slices.ContainsFunc(s.Notices, func(n Notice) bool { return n.Name == r.Of }) {
			v.failf("%s: of is %q, want a status or notice", where, r.Of)
		}
	}
}

func (v *validator) isStatus(name string) bool {
	return slices.ContainsFunc(v.States.Statuses, func(s Status) bool { return s.Name == name })
}

func (v *validator) transitions() {
	name := func(t Transition) string {
		return fmt.Sprintf("%s -> %s by %q needs %q", t.From, t.To, t.Event, t.Needs)
	}
	unique(v, "transition", v.States.Transitions, name)
	for _, t := range v.States.Transitions {
		where := "transition " + name(t)
		v.references(where, t.Clauses)
		if t.Event == "" {
			v.failf("%s: event is missing", where)
		}
		if t.From != None && !v.isStatus(t.From) {
			v.failf("%s: unknown status %q", where, t.From)
		}
		if !v.isStatus(t.To) {
			v.failf("%s: unknown status %q", where, t.To)
		}
		known := slices.ContainsFunc(v.States.Reasons, func(r Reason) bool { return r.Name == t.Reason && r.Of == t.To })
		if t.Reason != "" && !known {
			v.failf("%s: %q is no reason of %s", where, t.Reason, t.To)
		}
	}
}

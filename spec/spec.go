// Package spec holds what [reelcheck/reference] and [reelcheck/conformance] share, as data: the ledger of requirements
// with the sentences that they paraphrase, the statuses of an archive, its limits, and examples of layouts.
//
// Everything is decoded strictly: an unknown key, id or word is an error, so that what loads is consistent.
package spec

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed requirements.yaml sentences.yaml sources.md states.yaml limits.yaml layouts.yaml
var files embed.FS

// Ledger is the whole specification. Clauses are in the order of their chapters.
type Ledger struct {
	Version      string
	Chapters     []Chapter
	Capabilities map[Capability]string // with a description for people
	Profiles     []Profile             // each holds the one before it
	Clauses      []Clause
	Page         Page
	Sources      []Source
	States       States
	Limits       []Limit
	Lists        []List
	Examples     []Example // of layouts

	index map[string]int // of Clauses by id
}

// Chapter is a group of clauses. Its key is the middle of their ids.
type Chapter struct{ Key, Title string }

// Clause is one requirement. Either Section names the section of the page that demands it, or Source the section of
// sources.md; Source may also be [Reading].
type Clause struct {
	ID         string
	Title      string
	Section    string
	Source     string
	Level      Level
	Text       string
	Reading    string       // the chosen interpretation where the sources are vague
	Capability []Capability // what a target must declare; it needs all of them
	Tolerance  *Tolerance
	Time       Time
	Wait       time.Duration // policy time that must pass, for Virtual
	Verify     Verify
	Reason     string // of an exclusion
}

// Chapter returns the key of the clause's chapter: "DUR" of ARC-DUR-03.
func (c Clause) Chapter() string {
	_, rest, _ := strings.Cut(c.ID, "-")
	key, _, _ := strings.Cut(rest, "-")
	return key
}

// Tolerance is what a check allows, and why.
type Tolerance struct{ Allow, Reason string }

// Level is the strength of a clause.
type Level string

// A target that fails a must does not conform. A failed should is reported. A may widens what is accepted.
const (
	Must   Level = "must"
	Should Level = "should"
	May    Level = "may"
)

// Time says whether policy time must pass to verify a clause.
type Time string

// Virtual clauses need policy time to pass: by an advanced clock, by waiting, or by looking again later.
const (
	Instant Time = "instant"
	Virtual Time = "virtual"
)

// Verify says how a clause is verified.
type Verify string

// Pending clauses have no checks yet; Excluded ones never will, for the Reason given.
const (
	Checks   Verify = "checks"
	Pending  Verify = "pending"
	Excluded Verify = "excluded"
)

// Capability is a word that a target declares.
type Capability string

// Page is the page that the ledger paraphrases, sentence by sentence. Seed is the SHA-256 of its text. URL is its public
// address, where it may have changed since.
type Page struct {
	Seed     string
	URL      string
	Sections []Section
}

// Section is a part of the page with a heading.
type Section struct {
	Key, Title string
	Sentences  []Sentence
}

// Sentence is the N-th sentence of its section, counted from 1, identified by the start of its SHA-256. It either
// demands Clauses or is Not normative, for the reason given.
type Sentence struct {
	N       int
	SHA     string
	Clauses []string
	Not     string
}

// Load decodes the embedded files.
func Load() (Ledger, error) {
	return parse(func(name string) []byte {
		b, err := files.ReadFile(name)
		if err != nil {
			panic("internal error: " + err.Error())
		}
		return b
	})
}

// Clause returns the clause with that id.
func (l Ledger) Clause(id string) (Clause, bool) {
	i, ok := l.index[id]
	if !ok {
		return Clause{}, false
	}
	return l.Clauses[i], true
}

// parse decodes the files and reports all errors in them at once.
func parse(read func(name string) []byte) (Ledger, error) {
	var l Ledger
	var requirements struct {
		Version      string
		Chapters     []Chapter
		Capabilities map[Capability]string
		Profiles     []Profile
		Clauses      []Clause
	}
	var limits struct {
		Limits []Limit
		Lists  []List
	}
	var layouts struct{ Examples []Example }
	err := errors.Join(
		decode("requirements.yaml", read, &requirements),
		decode("sentences.yaml", read, &l.Page),
		decode("states.yaml", read, &l.States),
		decode("limits.yaml", read, &limits),
		decode("layouts.yaml", read, &layouts),
	)
	if err != nil {
		return Ledger{}, err
	}
	if l.Sources, err = parseSources(string(read("sources.md"))); err != nil {
		return Ledger{}, err
	}
	l.Version, l.Chapters = requirements.Version, requirements.Chapters
	l.Capabilities, l.Profiles, l.Clauses = requirements.Capabilities, requirements.Profiles, requirements.Clauses
	l.Limits, l.Lists = limits.Limits, limits.Lists
	l.Examples = layouts.Examples
	l.index = make(map[string]int, len(l.Clauses))
	for i, c := range l.Clauses {
		l.index[c.ID] = i
	}
	if err := validate(l); err != nil {
		return Ledger{}, err
	}
	return l, nil
}

// decode decodes the single document of a file. Keys that v does not have are errors.
func decode(name string, read func(string) []byte, v any) error {
	d := yaml.NewDecoder(bytes.NewReader(read(name)))
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: more than one document", name)
	}
	return nil
}

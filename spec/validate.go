package spec

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	levels   = []Level{Must, Should, May}
	times    = []Time{Instant, Virtual}
	verifies = []Verify{Checks, Pending, Excluded}
	phases   = []Phase{Recording, Delivering, Delivered, Final}
	nots     = []string{"introduction", "pointer", "label", "advice"}
	units    = []string{"s", "ms", "pixels", "bit/s", "Hz", "1/s", "1"}

	shaForm  = regexp.MustCompile(`^[0-9a-f]{12}$`)
	seedForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// validator collects the errors in a ledger.
type validator struct {
	Ledger
	errs []error
}

func validate(l Ledger) error {
	v := &validator{Ledger: l}
	v.head()
	v.clauses()
	v.sentences()
	v.coverage()
	v.statuses()
	v.transitions()
	v.limits()
	v.examples()
	v.profiles()
	return errors.Join(v.errs...)
}

func (v *validator) failf(format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf(format, args...))
}

// word adds an error when got is not one of the words in want.
func word[S ~string](v *validator, where, key string, got S, want []S) {
	if !slices.Contains(want, got) {
		v.failf("%s: %s is %q, want one of %q", where, key, got, want)
	}
}

// unique adds an error for each name of the kind that is missing or occurs twice.
func unique[T any](v *validator, kind string, items []T, name func(T) string) {
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		n := name(item)
		if n == "" {
			v.failf("%s %d: name is missing", kind, i+1)
		} else if seen[n] {
			v.failf("%s %s: given twice", kind, n)
		}
		seen[n] = true
	}
}

// references adds an error for each of ids that is not a clause or occurs twice, and when there are none.
func (v *validator) references(where string, ids []string) {
	if len(ids) == 0 {
		v.failf("%s: clauses are missing", where)
	}
	for i, id := range ids {
		if _, ok := v.Clause(id); !ok {
			v.failf("%s: unknown clause %q", where, id)
		}
		if slices.Contains(ids[:i], id) {
			v.failf("%s: clause %s given twice", where, id)
		}
	}
}

func (v *validator) head() {
	if v.Version == "" {
		v.failf("requirements.yaml: version is missing")
	}
	unique(v, "chapter", v.Chapters, func(c Chapter) string { return c.Key })
	unique(v, "clause", v.Clauses, func(c Clause) string { return c.ID })
	unique(v, "section", v.Page.Sections, func(s Section) string { return s.Key })
	unique(v, "source", v.Sources, func(s Source) string { return s.Key })
	for _, c := range v.Chapters {
		if c.Title == "" {
			v.failf("chapter %s: title is missing", c.Key)
		}
	}
	for name, text := range v.Capabilities {
		if text == "" {
			v.failf("capability %s: description is missing", name)
		}
		used := slices.ContainsFunc(v.Clauses, func(c Clause) bool { return slices.Contains(c.Capability, name) })
		if !used {
			v.failf("capability %s: needed by no clause", name)
		}
	}
}

// clauses checks each clause, and that the ids of a chapter stand together and count up from 01. A clause that is
// withdrawn stays, as excluded.
func (v *validator) clauses() {
	chapter, n := -1, 0
	for _, c := range v.Clauses {
		at := slices.IndexFunc(v.Chapters, func(ch Chapter) bool { return ch.Key == c.Chapter() })
		switch {
		case at < 0:
			v.failf("%s: unknown chapter %q", c.ID, c.Chapter())
			continue
		case at < chapter:
			v.failf("%s: chapter %s stands after a later one", c.ID, c.Chapter())
		case at > chapter:
			chapter, n = at, 0
		}
		n++
		if want := fmt.Sprintf("ARC-%s-%02d", c.Chapter(), n); c.ID != want {
			v.failf("%s: want %s in its place", c.ID, want)
		}
		v.clause(c)
	}
}

func (v *validator) clause(c Clause) {
	for _, f := range []struct{ key, value string }{{"title", c.Title}, {"text", c.Text}} {
		if strings.TrimSpace(f.value) == "" {
			v.failf("%s: %s is missing", c.ID, f.key)
		}
	}
	word(v, c.ID, "level", c.Level, levels)
	word(v, c.ID, "time", c.Time, times)
	word(v, c.ID, "verify", c.Verify, verifies)
	_, known := v.Source(c.Source)
	switch {
	case (c.Section == "") == (c.Source == ""):
		v.failf("%s: either section or source must be given", c.ID)
	case c.Source != "" && c.Source != Reading && !known:
		v.failf("%s: source is %q, want a heading of sources.md or %q", c.ID, c.Source, Reading)
	case c.Source == Reading && c.Reading == "":
		v.failf("%s: source is reading, and reading is missing", c.ID)
	case c.Source == Reading && c.Level == Must:
		v.failf("%s: a must that only our reading demands", c.ID)
	}
	if (c.Time == Virtual) != (c.Wait > 0) {
		v.failf("%s: wait must be given for time virtual and only there", c.ID)
	}
	if (c.Verify == Excluded) != (c.Reason != "") {
		v.failf("%s: reason must be given for verify excluded and only there", c.ID)
	}
	if t := c.Tolerance; t != nil && (t.Allow == "" || t.Reason == "") {
		v.failf("%s: tolerance needs both allow and reason", c.ID)
	}
	for i, name := range c.Capability {
		if _, ok := v.Capabilities[name]; !ok {
			v.failf("%s: unknown capability %q", c.ID, name)
		}
		if slices.Contains(c.Capability[:i], name) {
			v.failf("%s: capability %s given twice", c.ID, name)
		}
	}
}

func (v *validator) sentences() {
	if !seedForm.MatchString(v.Page.Seed) {
		v.failf("sentences.yaml: seed is %q, want 64 hex digits", v.Page.Seed)
	}
	if !strings.HasPrefix(v.Page.URL, "https://") {
		v.failf("sentences.yaml: url is %q, want https", v.Page.URL)
	}
	for _, s := range v.Page.Sections {
		if s.Title == "" || len(s.Sentences) == 0 {
			v.failf("section %s: needs both title and sentences", s.Key)
		}
		for i, sentence := range s.Sentences {
			where := fmt.Sprintf("section %s, sentence %d", s.Key, sentence.N)
			if sentence.N != i+1 {
				v.failf("%s: want %d in its place", where, i+1)
			}
			if !shaForm.MatchString(sentence.SHA) {
				v.failf("%s: sha is %q, want 12 hex digits", where, sentence.SHA)
			}
			switch {
			case sentence.Not == "":
				v.references(where, sentence.Clauses)
			case len(sentence.Clauses) > 0:
				v.failf("%s: has clauses and is not normative", where)
			default:
				word(v, where, "not", sentence.Not, nots)
			}
		}
	}
}

// coverage checks that a clause with a section is named by a sentence of that section, and a clause with a source by no
// sentence.
func (v *validator) coverage() {
	demanded := map[string][]string{} // clause to sections
	for _, s := range v.Page.Sections {
		for _, sentence := range s.Sentences {
			for _, id := range sentence.Clauses {
				demanded[id] = append(demanded[id], s.Key)
			}
		}
	}
	for _, c := range v.Clauses {
		known := slices.ContainsFunc(v.Page.Sections, func(s Section) bool { return s.Key == c.Section })
		switch {
		case c.Section == "" && len(demanded[c.ID]) > 0:
			v.failf("%s: source is %q, yet section %s demands it", c.ID, c.Source, demanded[c.ID][0])
		case c.Section == "":
		case !known:
			v.failf("%s: unknown section %q", c.ID, c.Section)
		case !slices.Contains(demanded[c.ID], c.Section):
			v.failf("%s: no sentence of section %s demands it", c.ID, c.Section)
		}
	}
}

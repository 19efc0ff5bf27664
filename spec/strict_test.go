package spec

import (
	"reflect"
	"strings"
	"testing"
)

// small is a minimal ledger with one of everything.
var small = map[string]string{
	"requirements.yaml": `
version: 0.1.0
chapters:
- {key: DUR, title: Duration}
- {key: EVT, title: Events}
capabilities: {events: client events}
clauses:
- {id: ARC-DUR-01, title: limit, section: top, level: must, text: It stops., time: virtual, wait: 60s, verify: checks}
- {id: ARC-DUR-02, title: more, source: wire, level: should, text: It says why., time: instant, verify: pending}
- id: ARC-EVT-01
  title: event
  section: top
  level: may
  text: It is told.
  reading: Own.
  capability: [events]
  tolerance: {allow: 1s, reason: clocks}
  time: instant
  verify: excluded
  reason: out of reach
profiles:
- {name: core, text: Little., levels: [must], capabilities: [events], wait: 60s}
- {name: full, text: All.}
`,
	"sentences.yaml": `
url: https://example.com/page
seed: "0000000000000000000000000000000000000000000000000000000000000000"
sections:
- key: top
  title: Top
  sentences:
  - {n: 1, sha: "0123456789ab", clauses: [ARC-DUR-01, ARC-EVT-01]}
  - {n: 2, sha: "ba9876543210", not: pointer}
`,
	"sources.md": `# Sources

## wire

**On the wire.** From [A],
[B, part].

It is [there].

[A]: https://example.com/a
[B, part]: https://example.com/b
`,
	"states.yaml": `
statuses:
- {name: started, phase: recording, clauses: [ARC-DUR-01]}
- {name: stopped, phase: final, clauses: [ARC-DUR-01]}
notices:
- {name: streamAdded, clauses: [ARC-EVT-01]}
transitions:
- {from: none, event: start, to: started, clauses: [ARC-DUR-01]}
- {from: started, event: limit, needs: luck, to: stopped, reason: too long, clauses: [ARC-DUR-01]}
reasons:
- {name: too long, of: stopped, clauses: [ARC-DUR-01]}
- {name: asked, of: streamAdded, clauses: [ARC-EVT-01]}
`,
	"limits.yaml": `
limits:
- {name: time.max, value: 60, unit: s, clauses: [ARC-DUR-01]}
lists:
- {name: mode, values: [auto, manual], default: auto, clauses: [ARC-DUR-02]}
- {name: layout, values: [pip], clauses: [ARC-DUR-02]}
- {name: resolution, values: [640x480], clauses: [ARC-DUR-02]}
`,
	"layouts.yaml": `
examples:
- {name: one, layout: {type: pip}, size: 640x480, streams: [{}], places: [null], clauses: [ARC-DUR-02]}
- {name: more, layout: {type: pip}, streams: [{screen: true}, {}], order: [2, 1], cover: [2], clauses: [ARC-DUR-02]}
`,
}

func parseSmall(file, text string) (Ledger, error) {
	return parse(func(name string) []byte {
		if name == file {
			return []byte(text)
		}
		return []byte(small[name])
	})
}

// flaw is an edit of the small ledger that must be refused, with a message that names the culprit.
type flaw struct{ name, file, old, new, want string }

func refused(t *testing.T, flaws []flaw) {
	t.Helper()
	for _, tt := range flaws {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(small[tt.file], tt.old, tt.new, 1)
			if text == small[tt.file] {
				t.Fatalf("%q does not occur in %s", tt.old, tt.file)
			}
			_, err := parseSmall(tt.file, text)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q in it", err, tt.want)
			}
		})
	}
}

// TestSmallLedger checks that the small ledger is valid without a flaw.
func TestSmallLedger(t *testing.T) {
	if _, err := parseSmall("", ""); err != nil {
		t.Fatalf("small ledger: %v", err)
	}
}

func TestStrictYAML(t *testing.T) {
	refused(t, []flaw{
		{"unknown key", "requirements.yaml", "title: more", "titel: more", "line 9: field titel not found"},
		{"unknown key at the top", "limits.yaml", "lists:", "tables:", "line 4: field tables not found"},
		{"key twice", "requirements.yaml", "title: more,", "title: more, title: less,", `line 9: mapping key "title" already defined`},
		{"second document", "states.yaml", "reasons:", "---\nreasons:", "states.yaml: more than one document"},
		{"empty file", "states.yaml", small["states.yaml"], "", "states.yaml: EOF"},
		{"wrong type", "requirements.yaml", "wait: 60s", "wait: soon", "line 8: cannot unmarshal"},
		{"no version", "requirements.yaml", "version: 0.1.0", "version: ", "version is missing"},
	})
}

func TestStrictClauses(t *testing.T) {
	refused(t, []flaw{
		{"id twice", "requirements.yaml", "ARC-DUR-02", "ARC-DUR-01", "clause ARC-DUR-01: given twice"},
		{"gap in ids", "requirements.yaml", "ARC-DUR-02", "ARC-DUR-03", "ARC-DUR-03: want ARC-DUR-02"},
		{"malformed id", "requirements.yaml", "ARC-DUR-02", "ARC-DUR-2", "ARC-DUR-2: want ARC-DUR-02"},
		{"unknown chapter", "requirements.yaml", "ARC-DUR-02", "ARC-DIR-01", `ARC-DIR-01: unknown chapter "DIR"`},
		{"chapters out of order", "requirements.yaml", "{key: DUR, title: Duration}\n- {key: EVT, title: Events}",
			"{key: EVT, title: Events}\n- {key: DUR, title: Duration}", "ARC-EVT-01: chapter EVT stands after a later one"},
		{"no title", "requirements.yaml", "title: more", `title: ""`, "ARC-DUR-02: title is missing"},
		{"no text", "requirements.yaml", "text: It says why.", "text: ", "ARC-DUR-02: text is missing"},
		{"unknown level", "requirements.yaml", "level: should", "level: shall", `ARC-DUR-02: level is "shall"`},
		{"unknown time", "requirements.yaml", "time: virtual", "time: fast", `ARC-DUR-01: time is "fast"`},
		{"unknown verify", "requirements.yaml", "verify: pending", "verify: later", `ARC-DUR-02: verify is "later"`},
		{"no origin", "requirements.yaml", "source: wire, ", "", "ARC-DUR-02: either section or source"},
		{"two origins", "requirements.yaml", "source: wire", "source: wire, section: top", "ARC-DUR-02: either section or source"},
		{"unknown source", "requirements.yaml", "source: wire", "source: rumour", `ARC-DUR-02: source is "rumour"`},
		{"own reading as a must", "requirements.yaml", "source: wire, level: should, text: It says why.", "source: reading, level: must, text: It says why., reading: Own.", "ARC-DUR-02: a must that only our reading demands"},
		{"own reading unwritten", "requirements.yaml", "source: wire", "source: reading", "ARC-DUR-02: source is reading"},
		{"unknown section", "requirements.yaml", "section: top, level", "section: bottom, level", `ARC-DUR-01: unknown section "bottom"`},
		{"virtual without wait", "requirements.yaml", "wait: 60s, ", "", "ARC-DUR-01: wait must be given"},
		{"instant with wait", "requirements.yaml", "time: instant, verify: pending", "time: instant, wait: 1s, verify: pending", "ARC-DUR-02: wait must be given"},
		{"exclusion without reason", "requirements.yaml", "  reason: out of reach\n", "", "ARC-EVT-01: reason must be given"},
		{"reason without exclusion", "requirements.yaml", "verify: excluded", "verify: checks", "ARC-EVT-01: reason must be given"},
		{"tolerance without reason", "requirements.yaml", "allow: 1s, reason: clocks", "allow: 1s", "ARC-EVT-01: tolerance needs both"},
		{"unknown capability", "requirements.yaml", "[events]", "[events, luck]", `ARC-EVT-01: unknown capability "luck"`},
		{"capability twice", "requirements.yaml", "[events]", "[events, events]", "ARC-EVT-01: capability events given twice"},
		{"unused capability", "requirements.yaml", "{events: client events}", "{events: client events, s3: uploads}", "capability s3: needed by no clause"},
	})
}

func TestStrictSentences(t *testing.T) {
	refused(t, []flaw{
		{"gap in ordinals", "sentences.yaml", "n: 2", "n: 3", "section top, sentence 3: want 2"},
		{"malformed hash", "sentences.yaml", "0123456789ab", "0123", `section top, sentence 1: sha is "0123"`},
		{"malformed seed", "sentences.yaml", `seed: "0`, `seed: "x`, "seed is"},
		{"unknown clause", "sentences.yaml", "[ARC-DUR-01, ", "[ARC-DUR-01, ARC-DUR-09, ", `section top, sentence 1: unknown clause "ARC-DUR-09"`},
		{"clause twice", "sentences.yaml", "[ARC-DUR-01, ", "[ARC-DUR-01, ARC-DUR-01, ", "sentence 1: clause ARC-DUR-01 given twice"},
		{"sentence unaccounted for", "sentences.yaml", ", not: pointer", "", "section top, sentence 2: clauses are missing"},
		{"normative and not", "sentences.yaml", "not: pointer", "not: pointer, clauses: [ARC-DUR-01]", "sentence 2: has clauses and is not normative"},
		{"unknown excuse", "sentences.yaml", "not: pointer", "not: boring", `section top, sentence 2: not is "boring"`},
		{"clause nobody demands", "sentences.yaml", ", ARC-EVT-01]", "]", "ARC-EVT-01: no sentence of section top demands it"},
		{"wire clause in the page", "sentences.yaml", ", ARC-EVT-01]", ", ARC-EVT-01, ARC-DUR-02]", `ARC-DUR-02: source is "wire", yet section top`},
	})
}

func TestStrictSources(t *testing.T) {
	refused(t, []flaw{
		{"no key", "sources.md", "## wire", "## On the wire", `heading is "## On the wire"`},
		{"heading without a paragraph of its own", "sources.md", "wire\n", "wire", "heading is"},
		{"no documents", "sources.md", " From [A],\n[B, part].", "", `wire: want "**Title.** From`},
		{"nothing below", "sources.md", "It is [there].", "## end", `end: want "**Title.** From`},
		{"no address", "sources.md", "https://example.com/b", "http://example.com/b", "wire: [B, part] has no address"},
		{"key twice", "sources.md", "It is [there].", "## wire\n\n**Again.** From [A].", "source wire: given twice"},
		{"section renamed", "sources.md", "## wire", "## air", `ARC-DUR-02: source is "wire"`},
		{"page without address", "sentences.yaml", "https:", "http:", "sentences.yaml: url is"},
	})
}

func TestOrigin(t *testing.T) {
	l, err := parseSmall("", "")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]Source{
		"ARC-DUR-01": {"top", "Top", []Link{{"archive recording page", "https://example.com/page"}}},
		"ARC-DUR-02": {"wire", "On the wire", []Link{{"A", "https://example.com/a"}, {"B, part", "https://example.com/b"}}},
	} {
		c, _ := l.Clause(id)
		if got := l.Origin(c); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", id, got, want)
		}
	}
	if got := l.Origin(Clause{Source: Reading}); got.Title == "" || got.Links != nil {
		t.Errorf("reading: got %+v, want a title and no links", got)
	}
}

func TestStrictStates(t *testing.T) {
	refused(t, []flaw{
		{"unknown phase", "states.yaml", "phase: recording", "phase: early", `status started: phase is "early"`},
		{"status twice", "states.yaml", "name: stopped", "name: started", "status started: given twice"},
		{"unknown status", "states.yaml", "from: started", "from: begun", `unknown status "begun"`},
		{"unreachable status", "states.yaml", "from: none, event: start, to: started", "from: none, event: start, to: stopped", "status started: no transition leads to it"},
		{"way out of the end", "states.yaml", "reasons:", "- {from: stopped, event: x, to: started, clauses: [ARC-DUR-01]}\nreasons:", "status stopped: final statuses"},
		{"transition twice", "states.yaml", "reasons:", "- {from: none, event: start, to: started, clauses: [ARC-DUR-01]}\nreasons:", "given twice"},
		{"foreign reason", "states.yaml", "reason: too long", "reason: asked", `"asked" is no reason of stopped`},
		{"reason of nothing", "states.yaml", "of: streamAdded", "of: streams", `reason asked: of is "streams"`},
		{"dangling transition", "states.yaml", "to: started, clauses: [ARC-DUR-01]", "to: started, clauses: [ARC-DUR-07]", `unknown clause "ARC-DUR-07"`},
	})
}

func TestStrictLimitsAndLayouts(t *testing.T) {
	refused(t, []flaw{
		{"limit without value", "limits.yaml", "value: 60, ", "", "limit time.max: value is 0"},
		{"unknown unit", "limits.yaml", "unit: s", "unit: h", `limit time.max: unit is "h"`},
		{"limit without clause", "limits.yaml", "unit: s, clauses: [ARC-DUR-01]", "unit: s", "limit time.max: clauses are missing"},
		{"tolerance without reason", "limits.yaml", "name: time.max", "name: tolerance.time", "limit tolerance.time: reason is missing"},
		{"foreign default", "limits.yaml", "default: auto", "default: all", `list mode: default is "all"`},
		{"unknown layout", "layouts.yaml", "type: pip}, size", "type: pop}, size", `example one: type is "pop"`},
		{"unknown size", "layouts.yaml", "size: 640x480", "size: 1x1", `example one: size is "1x1"`},
		{"neither places nor order", "layouts.yaml", ", places: [null]", "", "example one: either places or order"},
		{"a place too many", "layouts.yaml", "[null]", "[null, [0, 0, 1, 1]]", "example one: 2 places for 1 streams"},
		{"order of nobody", "layouts.yaml", "order: [2, 1]", "order: [3, 1]", "example more: there is no stream 3"},
		{"example without clause", "layouts.yaml", "places: [null], clauses: [ARC-DUR-02]", "places: [null]", "example one: clauses are missing"},
		{"value twice", "limits.yaml", "[auto, manual]", "[auto, auto]", "value of list mode auto: given twice"},
	})
}

// TestAllProblemsAtOnce checks that every problem is reported, not only the first.
func TestAllProblemsAtOnce(t *testing.T) {
	text := strings.NewReplacer("level: should", "level: shall", "level: may", "level: might").Replace(small["requirements.yaml"])
	_, err := parseSmall("requirements.yaml", text)
	if err == nil || !strings.Contains(err.Error(), "shall") || !strings.Contains(err.Error(), "might") {
		t.Errorf("got %v, want both levels named", err)
	}
}

func FuzzParse(f *testing.F) {
	for file, text := range small {
		f.Add(file, text)
	}
	f.Add("requirements.yaml", "clauses: [{}]")
	f.Add("requirements.yaml", "clauses: [{id: ARC}]\nchapters: [{key: \"\"}]")
	f.Add("sentences.yaml", "sections: [{sentences: [{n: -1}]}]")
	f.Add("states.yaml", "a: &a [*a]")
	f.Add("sources.md", "## a\n\n**.** From [.].\n\n## ")
	f.Fuzz(func(t *testing.T, file, text string) {
		l, err := parseSmall(file, text)
		if err != nil {
			return
		}
		for _, c := range l.Clauses {
			if got, ok := l.Clause(c.ID); !ok || got.Text != c.Text {
				t.Errorf("clause %q is not found by its id", c.ID)
			}
		}
	})
}

func TestProfiles(t *testing.T) {
	refused(t, []flaw{
		{"name twice", "requirements.yaml", "name: full", "name: core", "profile core: given twice"},
		{"no text", "requirements.yaml", "text: Little.", "text: ''", "profile core: text is missing"},
		{"unknown level", "requirements.yaml", "levels: [must]", "levels: [shall]", `profile core: level is "shall"`},
		{"unknown capability", "requirements.yaml", "capabilities: [events]", "capabilities: [mail]", `profile core: unknown capability "mail"`},
		{"unknown clause", "requirements.yaml", "text: All.", "text: All., clauses: [ARC-DUR-99]", `profile full: unknown clause "ARC-DUR-99"`},
		{"not within the next", "requirements.yaml", "text: All.", "text: All., levels: [should]", "profile full: ARC-DUR-01 is in core, and not here"},
	})
	l, err := parseSmall("", "")
	if err != nil {
		t.Fatal(err)
	}
	core, _ := l.Profile("core")
	for id, want := range map[string]bool{"ARC-DUR-01": true, "ARC-DUR-02": false, "ARC-EVT-01": false} {
		if c, _ := l.Clause(id); core.Holds(c) != want {
			t.Errorf("core holds %s: %t", id, !want)
		}
	}
	if _, ok := l.Profile("none"); ok {
		t.Error("found a profile that does not exist")
	}
}

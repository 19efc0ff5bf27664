package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
)

// readSeed returns the page that the ledger paraphrases. It is not part of this repository. Without its path in the
// environment, the checks of [Load] must be enough (ordinals without gaps, no dangling reference, no clause undemanded).
func readSeed(t *testing.T) string {
	t.Helper()
	path := os.Getenv("REELCHECK_SEED")
	if path == "" {
		t.Skip("REELCHECK_SEED is not set")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSentencesMatchPage checks that every sentence of the page is in the ledger, in its place and unchanged since its
// clauses were written.
func TestSentencesMatchPage(t *testing.T) {
	text := readSeed(t)
	l := load(t)
	sum := sha256.Sum256([]byte(text))
	if got := hex.EncodeToString(sum[:]); got != l.Page.Seed {
		t.Errorf("page: got SHA-256 %s, want %s", got, l.Page.Seed)
	}
	pages := splitPage(text, l.Page.Sections)
	for i, section := range l.Page.Sections {
		if i >= len(pages) {
			t.Errorf("section %s: heading %q is not on the page, in this order", section.Key, section.Title)
			continue
		}
		sentences := pages[i]
		if len(sentences) != len(section.Sentences) {
			t.Errorf("section %s: page has %d sentences, ledger %d", section.Key, len(sentences), len(section.Sentences))
		}
		for j, s := range section.Sentences {
			if j < len(sentences) && shaOf(sentences[j]) != s.SHA {
				t.Errorf("section %s, sentence %d: sha is %s, page has %s: %q", section.Key, s.N, s.SHA, shaOf(sentences[j]), sentences[j])
			}
		}
	}
}

// TestClausesDoNotCopyPage checks that clauses and sources are in our own words.
func TestClausesDoNotCopyPage(t *testing.T) {
	const run = 7 // words in a row; shorter series are common terms
	page := map[string]bool{}
	for _, w := range runsOf(readSeed(t), run) {
		page[w] = true
	}
	for _, c := range load(t).Clauses {
		for _, w := range runsOf(c.Text+" . "+c.Reading, run) {
			if page[w] {
				t.Errorf("%s: copies %q", c.ID, w)
			}
		}
	}
	sources, err := files.ReadFile("sources.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range runsOf(sourceLink.ReplaceAllString(string(sources), ""), run) {
		if page[w] {
			t.Errorf("sources.md: copies %q", w)
		}
	}
}

func TestSplitLine(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string
	}{
		{"One. Two.", []string{"One.", "Two."}},
		{"One (in brackets.) Two", []string{"One (in brackets.)", "Two"}},
		{"One. (Two in brackets.) Three", []string{"One.", "(Two in brackets.)", "Three"}},
		{"An .webm or .mkv file of 1.5 MB vs. another.", []string{"An .webm or .mkv file of 1.5 MB vs. another."}},
		{"The stopped status event.If so, two.", []string{"The stopped status event.", "If so, two."}},
	} {
		if got := splitLine(tt.line); strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%q: got %q, want %q", tt.line, got, tt.want)
		}
	}
}

// splitPage cuts the page into sections, whose titles stand alone on a line and in this order, and each section into
// sentences. No sentence continues on the next line, so table rows and list items stand alone; a JSON sample is one
// sentence.
func splitPage(text string, sections []Section) [][]string {
	var out [][]string
	var sample []string
	depth := 0
	for line := range strings.Lines(text) {
		line = listMark.ReplaceAllString(strings.Join(strings.Fields(line), " "), "")
		switch last := len(out) - 1; {
		case len(out) < len(sections) && line == sections[len(out)].Title:
			out = append(out, nil)
		case line == "" || last < 0:
		case depth > 0 || line == "{":
			sample = append(sample, line)
			depth += strings.Count(line, "{") - strings.Count(line, "}")
			if depth == 0 {
				out[last] = append(out[last], strings.Join(sample, " "))
				sample = nil
			}
		default:
			out[last] = append(out[last], splitLine(line)...)
		}
	}
	return out
}

var (
	listMark = regexp.MustCompile(`^(• *|\d+\. )`)
	// sentenceEnd matches a full stop, perhaps with a bracket, and the white space before a capital letter. In one place
	// the page lacks that white space.
	sentenceEnd = regexp.MustCompile(`[.!]\)?(\s+)[A-Z("]|event\.()If `)
)

func splitLine(line string) []string {
	var out []string
	for {
		m := sentenceEnd.FindStringSubmatchIndex(line)
		if m == nil {
			return append(out, line)
		}
		from, to := m[2], m[3]
		if from < 0 {
			from, to = m[4], m[5]
		}
		out, line = append(out, line[:from]), line[to:]
	}
}

func shaOf(sentence string) string {
	sum := sha256.Sum256([]byte(sentence))
	return hex.EncodeToString(sum[:6])
}

// runsOf returns each series of n words of a text, without punctuation and case.
func runsOf(text string, n int) []string {
	words := regexp.MustCompile(`[A-Za-z0-9]+`).FindAllString(strings.ToLower(text), -1)
	var out []string
	for i := 0; i+n <= len(words); i++ {
		out = append(out, strings.Join(words[i:i+n], " "))
	}
	return out
}

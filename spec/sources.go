package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Reading is the Source of clauses about which all public documents are silent.
const Reading = "reading"

// Source is a section of sources.md: what clauses demand beyond the page, and the public documents that say so.
type Source struct {
	Key, Title string
	Links      []Link
}

// Link is a public document.
type Link struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

var (
	sourceHead = regexp.MustCompile(`^## ([a-z][a-z0-9-]*)$`)
	sourceFrom = regexp.MustCompile(`^\*\*(.+)\.\*\* From (\[[^\]]+\](?:, \[[^\]]+\])*)\.$`)
	sourceLink = regexp.MustCompile(`(?m)^\[([^\]]+)\]: (https://\S+)$`)
)

// parseSources reads the headings of sources.md. The paragraph below each one has its title and the names of its links,
// whose addresses may be anywhere in the file.
func parseSources(text string) ([]Source, error) {
	urls := map[string]string{}
	for _, m := range sourceLink.FindAllStringSubmatch(text, -1) {
		urls[m[1]] = m[2]
	}
	var out []Source
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		if !strings.HasPrefix(p, "## ") {
			continue
		}
		head := sourceHead.FindStringSubmatch(p)
		if head == nil {
			return nil, fmt.Errorf("sources.md: heading is %q, want a key of a-z, 0-9 and - alone on its line", p)
		}
		below := strings.Join(strings.Fields(strings.Join(paragraphs[i+1:min(i+2, len(paragraphs))], "")), " ")
		from := sourceFrom.FindStringSubmatch(below)
		if from == nil {
			return nil, fmt.Errorf("sources.md: %s: want \"**Title.** From [name], [name].\" below the heading, got %q", head[1], below)
		}
		s := Source{Key: head[1], Title: from[1]}
		for name := range strings.SplitSeq(strings.Trim(from[2], "[]"), "], [") {
			if urls[name] == "" {
				return nil, fmt.Errorf("sources.md: %s: [%s] has no address", s.Key, name)
			}
			s.Links = append(s.Links, Link{name, urls[name]})
		}
		out = append(out, s)
	}
	return out, nil
}

// Source returns the section of sources.md with that key.
func (l Ledger) Source(key string) (Source, bool) {
	i := slices.IndexFunc(l.Sources, func(s Source) bool { return s.Key == key })
	if i < 0 {
		return Source{}, false
	}
	return l.Sources[i], true
}

// Origin says where a clause comes from: the section of the page or of sources.md, and where the public can read it.
func (l Ledger) Origin(c Clause) Source {
	if c.Source == Reading {
		return Source{Key: Reading, Title: "our reading; the public sources are silent"}
	}
	if s, ok := l.Source(c.Source); ok {
		return s
	}
	s := Source{Key: c.Section, Title: c.Section, Links: []Link{{"archive recording page", l.Page.URL}}}
	for _, section := range l.Page.Sections {
		if section.Key == c.Section {
			s.Title = section.Title
		}
	}
	return s
}

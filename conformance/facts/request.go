package facts

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts/flaw"
	"reelcheck/conformance/facts/jsonvalue"
)

// Asked is a start request with its flaws.
type Asked struct {
	evidence.Record
	Body  jsonvalue.Object
	flaws []string
}

// Only reports whether the request has this flaw and no other.
func (a Asked) Only(one string) bool { return len(a.flaws) == 1 && a.flaws[0] == one }

// Clean reports whether the request has no flaw, so that the target must accept it.
func (a Asked) Clean() bool { return len(a.flaws) == 0 }

// Individual reports whether the request asks for an individual archive.
func (a Asked) Individual() bool { return a.Body.Text("outputMode") == "individual" }

func (f *Facts) asked(r evidence.Record) Asked {
	a := Asked{Record: r}
	e := r.Exchange
	if e.Flaw != evidence.NoFlaw || e.Identity != evidence.AsUnified && e.Identity != evidence.AsLegacy || f.ForeignPath(r) {
		a.flaws = append(a.flaws, flaw.Credentials)
	}
	body, ok := f.Decode(e.Request.Body.Text)
	valid := json.Valid([]byte(e.Request.Body.Text))
	if !ok && !valid {
		a.flaws = append(a.flaws, flaw.Malformed)
		return a
	}
	a.Body = body
	if !ok {
		a.flaws = append(a.flaws, flaw.Types)
		return a
	}
	a.flaws = append(a.flaws, flaw.Of(body, f)...)
	if slices.Contains(a.flaws, flaw.Types) {
		return a
	}
	if int64(utf8.RuneCountInString(body.Text("name"))) > f.Number("auto-archive-name.max") {
		a.flaws = append(a.flaws, flaw.Unsaid) // of names given at a start no source has a limit (ARC-START-19)
	}
	return f.sessionFlaws(a)
}

// sessionFlaws adds the flaw of the session, but only if the request has no other flaw: otherwise the target may refuse
// it for either reason.
func (f *Facts) sessionFlaws(a Asked) Asked {
	id := a.Body.Text("sessionId")
	s, tag := f.Sessions[id], a.Body.Text("multiArchiveTag")
	at := a.Exchange.Started
	switch {
	case id == "":
		a.flaws = append(a.flaws, flaw.NoSession)
	case s == nil || s.Created.Exchange == nil:
		a.flaws = append(a.flaws, flaw.UnknownSession)
	case s.App != a.IDs[evidence.Application]:
		a.flaws = append(a.flaws, flaw.ForeignSession)
	case s.Relayed:
		a.flaws = append(a.flaws, flaw.Relayed)
	case !s.connected(at) && AnyDuring(s.Clients, at.Add(-f.Limit("tolerance.connection-change")), at):
		a.flaws = append(a.flaws, flaw.Leaving)
	case !s.connected(at):
		a.flaws = append(a.flaws, flaw.Nobody)
	case tag == "" && s.Auto:
		a.flaws = append(a.flaws, flaw.Automatic)
	case tag == "" && slices.Contains(f.recording(id, a.Record), ""):
		a.flaws = append(a.flaws, flaw.Recorded)
	case tag == "" && len(f.recording(id, a.Record)) > 0:
		a.flaws = append(a.flaws, flaw.Untagged)
	case slices.Contains(f.recording(id, a.Record), tag):
		a.flaws = append(a.flaws, flaw.Tag)
	}
	return a
}

// recording returns the tags of the session's archives that were in progress when r was sent, "" for one without a tag.
func (f *Facts) recording(session string, r evidence.Record) (tags []string) {
	for _, h := range f.Archives {
		if h.Start.Exchange != nil && h.Start.IDs[evidence.Session] == session && h.Start.Over().Before(r.Sent()) && !h.EndedBefore(r) {
			tags = append(tags, h.Request.Text("multiArchiveTag"))
		}
	}
	return tags
}

// InProgress reports whether an archive with this status records or is paused.
func InProgress(status string) bool { return status == "started" || status == "paused" }

// Project returns the application id or API key in the path of a request.
func Project(r evidence.Record) string {
	u, err := url.Parse(r.Exchange.Request.URL)
	if err != nil {
		return ""
	}
	parts := strings.Split(u.Path, "/")
	for i, p := range parts {
		if p == "project" && i+1 < len(parts) {
			return parts[i+1]
		}
	}
	return ""
}

// ForeignPath reports whether the path names another application than the token.
func (f *Facts) ForeignPath(r evidence.Record) bool {
	type projectIn string
	p, app := Keep(f, projectIn(r.Exchange.Request.URL), func() string { return Project(r) }), r.IDs[evidence.Application]
	if p == "" || app == "" {
		return false
	}
	if owner := f.Owner(p); owner != "" {
		return owner != app
	}
	return r.Exchange.Identity == evidence.AsUnified && p != app
}

// Sound reports whether the request carries proper credentials of its own application.
func (f *Facts) Sound(r evidence.Record) bool {
	e := r.Exchange
	return e != nil && e.Flaw == evidence.NoFlaw && (e.Identity == evidence.AsUnified || e.Identity == evidence.AsLegacy) && !f.ForeignPath(r)
}

// AnswerText returns the body of the response, or "" without one.
func AnswerText(r evidence.Record) string {
	if r.Exchange == nil || r.Exchange.Response == nil {
		return ""
	}
	return r.Exchange.Response.Body.Text
}

func pathOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Path
}

package composed

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/check/phases"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/expect"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/content"
	"reelcheck/conformance/facts/jsonvalue"
)

// arrangement is a call that changes the layout of an archive.
type arrangement struct {
	r    evidence.Record
	body jsonvalue.Object
	h    *facts.History
	sane bool // a start would accept the layout
	done bool // the archive no longer recorded when the call was made
}

func arrangements(c *check.Case) []arrangement {
	var out []arrangement
	for _, r := range c.Calls(evidence.SetArchiveLayout) {
		body, ok := c.Decode(r.Exchange.Request.Body.Text)
		h := c.ByID[r.IDs[evidence.Archive]]
		if !ok || h == nil || h.Start.Exchange == nil || h.IsIndividual() || !c.Sound(r) {
			continue
		}
		k := arrangement{r: r, body: body, h: h, sane: sane(c, body)}
		if stop, stopped := h.FirstStop(); stopped {
			k.done = !stop.Over().After(r.Sent())
		}
		out = append(out, k)
	}
	return out
}

// sane reports whether a start would accept the layout. It does not read style sheets.
func sane(c *check.Case, body jsonvalue.Object) bool {
	kind := body.Text("type")
	types, _ := c.Ledger.List("layout")
	return slices.Contains(types.Values, kind) && (body["stylesheet"] != nil) == (kind == "custom") && (body["screenshareType"] == nil || kind == "bestFit")
}

// known reports whether the layout has no style sheet, or one from the specification's examples.
func known(c *check.Case, body jsonvalue.Object) bool {
	return body["stylesheet"] == nil || sheetOf(c, body.Text("stylesheet"))
}

func sheetOf(c *check.Case, text string) bool {
	for _, e := range c.Ledger.Examples {
		if e.Layout.Stylesheet == text {
			return true
		}
	}
	return false
}

// layoutChanges checks that the call succeeds and that the new layout is seen from then on.
func layoutChanges(c *check.Case) {
	for _, k := range arrangements(c) {
		if k.sane && known(c, k.body) && !k.done {
			c.Status(k.r, 200, 204)
		}
	}
	arranged(func(x content.Recording, a expect.Phase) bool {
		return a.Changed > 0 && x.Timeline.Changes[a.Changed-1].Layout != nil
	}, phases.Disobeyed)(c)
	arranged(func(x content.Recording, a expect.Phase) bool {
		return a.Changed < len(x.Timeline.Changes) && x.Timeline.Changes[a.Changed].Layout != nil
	}, phases.Early)(c)
}

// classChanges checks that the call succeeds, that reads return the classes, and that they take effect.
func classChanges(c *check.Case) {
	for _, r := range c.Calls(evidence.SetStreamClasses) {
		if c.Sound(r) {
			c.Status(r, 200)
		}
	}
	for _, r := range c.Calls(evidence.ListStreams) {
		if !c.Sound(r) || r.Exchange.Status() != 200 {
			continue
		}
		if body, ok := c.Decode(r.Exchange.Response.Body.Text); ok {
			classesRead(c, r, content.Classes(body))
		}
	}
	arranged(classesChanged(func(at float64) bool { return at > 0 }), phases.Chosen|phases.Placed|phases.Disobeyed|phases.Ordered)(c)
	arranged(classesChanged(func(at float64) bool { return at <= 0 }), phases.Chosen)(c) // the archive may not obey its layout either (ARC-LAY-04)
}

// classesChanged picks the phases whose last change was one of classes, at such a time of the file. What came before the archive is at 0.
func classesChanged(such func(at float64) bool) pick {
	return func(x content.Recording, a expect.Phase) bool {
		return a.Changed > 0 && x.Timeline.Changes[a.Changed-1].Layout == nil && such(x.Timeline.Changes[a.Changed-1].To)
	}
}

// classesRead compares the classes in a list with those at the time of publishing and the calls since.
func classesRead(c *check.Case, r evidence.Record, got map[string][]string) {
	s := c.Sessions[r.IDs[evidence.Session]]
	if s == nil {
		return
	}
	for _, u := range s.Streams {
		id := u.By.IDs[evidence.Stream]
		if u.From.After(r.Sent()) || !u.Covers(r.Over()) {
			continue
		}
		want, by := strings.Fields(u.By.Published.Classes), u.By
		for _, put := range c.Calls(evidence.SetStreamClasses) {
			body, ok := c.Decode(put.Exchange.Request.Body.Text)
			if classes, named := content.Classes(body)[id]; ok && named && put.Exchange.Status() == 200 && put.Over().Before(r.Sent()) {
				want, by = classes, put
			}
		}
		c.Want(slices.Equal(got[id], want), fmt.Sprintf("stream %s with layoutClassList %q", facts.Short(id), want), fmt.Sprintf("%q", got[id]), r, by)
	}
}

// layoutsRefused wants no layout of an archive that no longer records, and none that a start would refuse.
func layoutsRefused(c *check.Case) {
	for _, k := range arrangements(c) {
		if k.sane == k.done {
			c.Refused(k.r)
		}
	}
}

// beyondSubset names what the scenario's bad style sheets have beyond the subset: a selector, a property and a value.
var beyondSubset = []string{"#id", "color", "sticky"}

// sheetsRefused wants 400, and a message that names what is beyond the subset. A target may also accept the sheet and
// ignore that part.
func sheetsRefused(c *check.Case) {
	for _, k := range arrangements(c) {
		if !k.sane || k.done || known(c, k.body) {
			continue
		}
		if !c.Status(k.r, 200, 204, 400) || k.r.Exchange.Status() != 400 {
			continue
		}
		o, _ := c.Decode(k.r.Exchange.Response.Body.Text)
		for _, word := range beyondSubset {
			if strings.Contains(k.body.Text("stylesheet"), word) {
				c.Want(strings.Contains(o.Text("message"), word), "a message that names "+word, o.Text("message"), k.r)
			}
		}
	}
}

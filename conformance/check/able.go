package check

import (
	"slices"

	"reelcheck/conformance/evidence"
)

// RestCall tells the operations that REST credentials protect.
func RestCall(r evidence.Record) bool {
	return r.Exchange != nil && slices.Contains([]string{"createSession", "startArchive", "stopArchive", "getArchive", "listArchives",
		"deleteArchive", "listConnections", "listStreams"}, r.Exchange.Operation)
}

// Meant: a success that looks like one, not just a status of 200.
func (c *Case) Meant(r evidence.Record) bool {
	switch r.Exchange.Operation {
	case "listArchives", "listConnections", "listStreams":
		o, _ := c.Decode(AnswerText(r))
		_, whole := o.Whole("count")
		return whole
	case "createSession":
		for _, s := range c.Sessions {
			if s.Created.Seq == r.Seq {
				return true
			}
		}
		return false
	case "deleteArchive":
		return r.Exchange.Status() == 204
	}
	o, _ := c.Decode(AnswerText(r))
	return o.Text("id") != ""
}

// ForeignObject: the call names a session or an archive of another application.
func (c *Case) ForeignObject(r evidence.Record) bool {
	if h := c.ByID[r.IDs[evidence.Archive]]; h != nil && h.Start.Exchange != nil && !SameApp(h.Start, r) {
		return true
	}
	s := c.Sessions[r.IDs[evidence.Session]]
	return s != nil && s.App != r.IDs[evidence.Application]
}

// ReadsAtAll notes the clause as blocked when no call with proper credentials
// ever succeeded: a target that refuses everybody has not shown that it tells them apart.
func (c *Case) ReadsAtAll(at evidence.Record) bool {
	for _, r := range c.Calls() {
		if RestCall(r) && c.Sound(r) && r.Exchange.Status()/100 == 2 && c.Meant(r) {
			return true
		}
	}
	c.Blocked("a refusal by a target that accepts proper credentials", "no call with proper credentials ever succeeded", at)
	return false
}

// StartsAtAll notes the clause as blocked when no start was ever accepted: a
// target that refuses everything has not shown that it refuses this.
func (c *Case) StartsAtAll(at evidence.Record) bool {
	if c.startedAny() {
		return true
	}
	c.Blocked("a refusal by a target that accepts a proper start", "no proper start was ever accepted", at)
	return false
}

func (c *Case) startedAny() bool {
	return slices.ContainsFunc(c.Archives, func(h *History) bool { return h.Start.Exchange != nil })
}

// able notes the clause as blocked when the operation never succeeded on an
// archive: a target that refuses everything has not shown that it refuses this.
func (c *Case) able(op string, at evidence.Record) bool {
	tried := false
	for _, r := range c.Calls(op) {
		h := c.ByID[ArchiveInPath(r)]
		if h == nil || h.Start.Exchange == nil || !c.Sound(r) || !SameApp(r, h.Start) {
			continue
		}
		tried = true
		if op == "deleteArchive" && r.Exchange.Status() == 204 ||
			slices.ContainsFunc(h.Seen, func(s Sighting) bool { return s.At.Seq == r.Seq }) {
			return true
		}
	}
	if !tried && c.startedAny() {
		c.Unclear("no proper " + op + " was tried, so that a refusal tells nothing")
		return false
	}
	c.Blocked("a refusal by a target that answers a proper "+op, "no proper "+op+" ever succeeded", at)
	return false
}

// SilentHooks: callbacks were expected and none came; a watch of the harness says so.
func (c *Case) SilentHooks() {
	for _, h := range c.StartedArchives() {
		for _, r := range h.Watches {
			if w := r.Watch; w.What == "webhooks" && w.Until != "" && !w.Met && len(h.Hooks) == 0 {
				c.Wrong(w.Until+" within "+w.Deadline.String(), "no callback about the archive", r)
			}
		}
	}
}

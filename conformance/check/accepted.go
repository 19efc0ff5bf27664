package check

import (
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

// ReadsAtAll returns whether any call with proper credentials succeeded. If none did, it notes the clause as blocked: a
// target that refuses everybody has not shown that it tells callers apart.
func (c *Case) ReadsAtAll(at evidence.Record) bool {
	for _, r := range c.Calls() {
		if facts.RestCall(r) && c.Sound(r) && r.Exchange.Status()/100 == 2 && c.Meant(r) {
			return true
		}
	}
	c.Unproven("a refusal by a target that accepts proper credentials", "no call with proper credentials ever succeeded", at)
	return false
}

// StartsAtAll returns whether any start was accepted. If none was, it notes the clause as blocked: a target that refuses
// everything has not shown that it refuses this request for its flaw.
func (c *Case) StartsAtAll(at evidence.Record) bool {
	if c.AnyStarted() {
		return true
	}
	c.Unproven("a refusal by a target that accepts a proper start", "no proper start was ever accepted", at)
	return false
}

// succeedsAtAll returns whether the operation ever succeeded on an archive. If it was tried in vain, it notes the clause
// as blocked: a target that refuses everything has not shown that it refuses this request for its flaw.
func (c *Case) succeedsAtAll(op evidence.Operation, at evidence.Record) bool {
	tried := false
	for _, r := range c.Calls(op) {
		h := c.ByID[r.ArchiveInPath()]
		if h == nil || h.Start.Exchange == nil || !c.Sound(r) || !r.SameApp(h.Start) {
			continue
		}
		tried = true
		if op == evidence.DeleteArchive && r.Exchange.Status() == 204 ||
			slices.ContainsFunc(h.Seen, func(s facts.Sighting) bool { return s.At.Seq == r.Seq }) {
			return true
		}
	}
	if !tried && c.AnyStarted() && cutShort(c.View) == "" {
		c.Unclear("no proper " + string(op) + " was tried, so that a refusal tells nothing")
		return false
	}
	c.Unproven("a refusal by a target that answers a proper "+string(op), "no proper "+string(op)+" ever succeeded", at)
	return false
}

// Unproven notes that nothing in the whole run showed that the target answers a proper call. A scenario that the harness or the
// environment cut short might have, which is not the target's fault.
func (c *Case) Unproven(expected, why string, at evidence.Record) {
	if short := cutShort(c.View); short != "" {
		c.Unclear("not shown: " + short)
		return
	}
	c.Blocked(expected, why, at)
}

// cutShort says which scenario did not end as it should, for no fault of the target, or returns "".
func cutShort(v evidence.View) string {
	for _, name := range v.Scenarios() {
		switch step, ok := v.Outcome(name); {
		case !ok || step.Torn():
			return "scenario " + name + " did not end"
		case step.Outcome == evidence.Broken:
			return "scenario " + name + " broke: " + step.Text
		}
	}
	return ""
}

// SilentHooks notes a contradiction for each archive whose callbacks the harness awaited in vain. All clauses about callbacks have one
// cause then, of which ARC-CB-18 tells.
func (c *Case) SilentHooks() {
	for _, h := range c.EveryArchive() {
		for _, r := range h.Watches {
			if w := r.Watch; w.What == "webhooks" && w.Until != "" && !w.Met && len(h.Hooks) == 0 {
				c.Silent("ARC-CB-18", "no callback about the archive", r)
			}
		}
	}
}

// Silent notes a callback that was awaited in vain. It follows from the breach of the clause that tells of it.
func (c *Case) Silent(clause, actual string, watch evidence.Record) {
	expected := awaited(*watch.Watch)
	if len(c.View.Webhooks().Records) == 0 {
		expected, actual = "callbacks", "no callback came at all from the target; is the address of sinks.webhook the callback URL of the application, and can the target reach it?"
	}
	c.Follows(clause, expected, actual, watch)
}

// awaited says what was waited for, and for how long in whole seconds. A wait without time was the last one of a longer wait.
func awaited(w evidence.Watch) string {
	if d := w.Deadline.Round(time.Second); d > 0 {
		return w.Until + " within " + d.String()
	}
	return w.Until + " in time"
}

// Allowed returns a check that no start is refused that gives the property and has no flaw.
func Allowed(key string) func(*Case) {
	return func(c *Case) {
		for _, a := range c.Starts {
			if _, given := a.Body[key]; given && a.Clean() {
				c.Status(a.Record, 200)
			}
		}
	}
}

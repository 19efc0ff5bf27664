package callbacks

import (
	"slices"
	"strings"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/facts/jsonvalue"
)

// callbackEqualsRead compares each callback with what was asked for, and those of an archive at rest with a read in the same status.
func callbackEqualsRead(c *check.Case) {
	keys := []string{"applicationId", "outputMode", "hasAudio", "hasVideo", "sha256sum", "updatedAt", "multiArchiveTag"}
	for _, h := range c.EveryArchive() {
		want := c.Modes(h)
		want["multiArchiveTag"] = h.Request.Text("multiArchiveTag")
		for _, s := range h.Hooks {
			wrong, shown := want.Differ(s.Object)
			c.Want(len(wrong) == 0 && slices.Contains(c.Projects(h), s.Text("applicationId")), "what was asked for: "+shown+", applicationId "+strings.Join(c.Projects(h), " or "),
				strings.Join(append(wrong, s.Show("applicationId")), ", "), s.At, h.Start)
			reads := h.Reads() // ARC-LIST-10 compares these with lists
			i := slices.IndexFunc(reads, func(r facts.Sighting) bool {
				return r.Status() == s.Status() && facts.Final(s.Status()) && r.At.Exchange.Identity == evidence.AsUnified
			})
			if i < 0 {
				continue
			}
			var bad []string
			compared := 0
			for _, key := range keys {
				if s.Object[key] == nil && reads[i].Object[key] == nil {
					continue // two that are missing are not equal
				}
				compared++
				if !jsonvalue.Same(s.Object[key], reads[i].Object[key]) {
					bad = append(bad, s.Show(key)+" beside "+reads[i].Show(key))
				}
			}
			c.Want(compared > 0 && len(bad) == 0, "the properties that a read answers", strings.Join(bad, "; "), s.At, reads[i].At)
		}
	}
	c.SilentHooks()
}

// callbackOwnApplication checks that callbacks go to the address of their own application. The receiver has one address
// per application.
func callbackOwnApplication(c *check.Case) {
	for _, h := range c.EveryArchive() {
		own := c.Apps[h.App()].Callback
		if own == "" || len(c.View.Exchanges(evidence.CreateApplication).Scenario(h.Scenario).Records) < 2 {
			continue // no other application has an address for callbacks
		}
		for _, s := range h.Hooks {
			c.Want(s.At.Webhook.Path == own, "a callback to "+own, "a callback to "+s.At.Webhook.Path, s.At, h.Start)
		}
	}
}

// announcedOnce checks that a change, identified by status and updatedAt, is not posted again after it was accepted.
func announcedOnce(c *check.Case) {
	for _, h := range c.EveryArchive() {
		hooks := facts.ByChange(h.Hooks)
		for i, s := range hooks {
			again := slices.IndexFunc(hooks[:i], func(e facts.Sighting) bool {
				if c.IsNotice(s.Status()) { // notices about different streams are different changes
					return e.At.Webhook.Answer/100 == 2 && e.Status() == s.Status() && jsonvalue.Same(e.Object["stream"], s.Object["stream"]) && jsonvalue.Same(e.Object["timestamp"], s.Object["timestamp"])
				}
				return e.At.Webhook.Answer/100 == 2 && e.Status() == s.Status() && (i > 0 && hooks[i-1].Status() == s.Status() || jsonvalue.Same(e.Object["updatedAt"], s.Object["updatedAt"]) && e.Object["updatedAt"] != nil)
			})
			at := []evidence.Record{s.At}
			if again >= 0 {
				at = append(at, hooks[again].At)
			}
			c.Want(again < 0, "each change announced once", s.Status()+" announced again", at...)
		}
	}
	c.SilentHooks()
}

func expiryPosted(c *check.Case) {
	for _, h := range c.EveryArchive() {
		i := slices.IndexFunc(h.Seen, func(s facts.Sighting) bool { return s.Status() == "expired" })
		if i < 0 || !watchedAfter(c, h.Seen[i]) {
			continue
		}
		posts := hooked(h, "expired")
		at := []evidence.Record{h.Seen[i].At}
		if len(posts) > 0 {
			at = append(at, posts[0].At)
		}
		c.Want(len(posts) > 0, "a callback with status expired", h.HookList(), at...)
	}
}

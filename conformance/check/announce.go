package check

import (
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

// callbackEqualsRead compares the last callback of an archive at rest with a read in the same status.
func callbackEqualsRead(c *Case) {
	keys := []string{"applicationId", "outputMode", "hasAudio", "hasVideo", "sha256sum", "updatedAt", "multiArchiveTag"}
	for _, h := range c.startedArchives() {
		for _, s := range h.hooks {
			i := slices.IndexFunc(h.seen, func(r sighting) bool {
				return r.status() == s.status() && final(s.status()) && r.at.Exchange.Identity == "unified"
			})
			if i < 0 {
				continue
			}
			var bad []string
			for _, key := range keys {
				if !sameJSON(s.object[key], h.seen[i].object[key]) {
					bad = append(bad, s.show(key)+" beside "+h.seen[i].show(key))
				}
			}
			c.want(len(bad) == 0, "the properties that a read answers", strings.Join(bad, "; "), s.at, h.seen[i].at)
		}
	}
	c.silentHooks()
}

// callbackOwnApplication: the receiver has one address per application, and says which it was.
func callbackOwnApplication(c *Case) {
	for _, h := range c.startedArchives() {
		own := c.apps[h.start.IDs[evidence.Application]].callback
		if own == "" || len(c.view.Scenario(h.scenario).Exchanges("createApplication").Records) < 2 {
			continue // no other application whose address a callback could go to
		}
		for _, s := range h.hooks {
			c.want(s.at.Webhook.Path == own, "a callback to "+own, "a callback to "+s.at.Webhook.Path, s.at, h.start)
		}
	}
}

// announcedOnce: the same change, told by status and updatedAt, is not posted again after it was accepted.
func announcedOnce(c *Case) {
	for _, h := range c.startedArchives() {
		for i, s := range h.hooks {
			again := slices.IndexFunc(h.hooks[:i], func(e sighting) bool {
				if c.isNotice(s.status()) { // of different streams they are different changes
					return e.at.Webhook.Answer/100 == 2 && e.status() == s.status() && sameJSON(e.object["stream"], s.object["stream"]) && sameJSON(e.object["timestamp"], s.object["timestamp"])
				}
				return e.at.Webhook.Answer/100 == 2 && e.status() == s.status() && (i > 0 && h.hooks[i-1].status() == s.status() || sameJSON(e.object["updatedAt"], s.object["updatedAt"]) && e.object["updatedAt"] != nil)
			})
			at := []evidence.Record{s.at}
			if again >= 0 {
				at = append(at, h.hooks[again].at)
			}
			c.want(again < 0, "each change announced once", s.status()+" announced again", at...)
		}
	}
	c.silentHooks()
}

func expiryPosted(c *Case) {
	for _, h := range c.startedArchives() {
		i := slices.IndexFunc(h.seen, func(s sighting) bool { return s.status() == "expired" })
		if i < 0 || !c.watchedAfter(h.seen[i]) {
			continue
		}
		posts := h.hooked("expired")
		at := []evidence.Record{h.seen[i].at}
		if len(posts) > 0 {
			at = append(at, posts[0].at)
		}
		c.want(len(posts) > 0, "a callback with status expired", h.hookList(), at...)
	}
}

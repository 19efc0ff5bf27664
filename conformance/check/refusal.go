package check

import (
	"fmt"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
)

// Status notes whether the answer to r has one of the status codes.
func (c *Case) Status(r evidence.Record, codes ...int) bool {
	return c.Want(slices.Contains(codes, r.Exchange.Status()), anyOf(codes), Outcome(r), r)
}

// Refusal reports whether a status refuses what a request asks for, as 400 does. It is not one that blames the caller
// (401, 403), the object (404) or the moment (408, 429). See decision 0002.
func Refusal(status int) bool {
	return status/100 == 4 && !slices.Contains([]int{401, 403, 404, 408, 429}, status)
}

// Refused notes whether the answer to r is a refusal, or has one of the other codes.
func (c *Case) Refused(r evidence.Record, also ...int) bool {
	status, want := r.Exchange.Status(), "a refusal, such as 400"
	if len(also) > 0 {
		want += ", or " + anyOf(also)
	}
	return c.Want(Refusal(status) || slices.Contains(also, status), want, Outcome(r), r)
}

func anyOf(codes []int) string {
	var s []string
	for _, code := range codes {
		s = append(s, fmt.Sprint(code))
	}
	return strings.Join(s, " or ")
}

// OnUnknown returns a check that the operation answers one of codes for archives that never existed.
func OnUnknown(op evidence.Operation, codes ...int) func(*Case) {
	return func(c *Case) {
		for _, r := range c.Calls(op) {
			id := r.ArchiveInPath()
			if c.Sound(r) && evidence.IsUUID(id) && c.ByID[id] == nil && c.succeedsAtAll(op, r) {
				c.Status(r, codes...)
			}
		}
	}
}

// OnMalformed returns a check that the operation is refused for an id that is no UUID, or does not find it.
func OnMalformed(op evidence.Operation) func(*Case) {
	return func(c *Case) {
		for _, r := range c.Calls(op) {
			if id := r.ArchiveInPath(); c.Sound(r) && id != "" && !evidence.IsUUID(id) && c.succeedsAtAll(op, r) {
				c.Refused(r, 404)
			}
		}
	}
}

// OnForeign returns a check that an application cannot run the operation on the archive of another one: the call must be
// refused and have no effect.
func OnForeign(op evidence.Operation) func(*Case) {
	return func(c *Case) {
		for _, r := range c.Calls(op) {
			h := c.ByID[r.ArchiveInPath()]
			if h == nil || h.Start.Exchange == nil || !c.Sound(r) || h.Start.SameApp(r) {
				continue
			}
			if !c.succeedsAtAll(op, r) || !c.Status(r, 404, 403) || op == evidence.GetArchive {
				continue
			}
			next, ok := h.NextSeen(r)
			switch {
			case !ok:
				c.Unclear("the archive was not read after the foreign call")
			case op == evidence.DeleteArchive:
				c.Want(next.Status() != "deleted", "the archive to stay", next.Show("status"), r, next.At)
			default:
				c.Want(facts.InProgress(next.Status()) || h.StoppedBetween(r, next.At) || h.EndedBefore(r), "the recording to go on", next.Show("status"), r, next.At)
			}
		}
	}
}

// Defaults returns a check that a property has the value want in archives whose request did not name it.
func Defaults(key, want string) func(*Case) {
	return func(c *Case) {
		for _, h := range c.EveryArchive() {
			if _, given := h.Request[key]; given {
				continue
			}
			for _, s := range h.Seen {
				c.Want(s.Text(key) == want, key+" "+want, s.Show(key), s.At)
			}
		}
	}
}

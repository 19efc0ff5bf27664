package callbacks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelcheck/conformance/check"
	"reelcheck/conformance/evidence"
	"reelcheck/conformance/facts"
	"reelcheck/conformance/text"
)

// unanswered is the answer of a receiver that let the target wait until one of them gave up.
const unanswered = 0

// attempts returns the deliveries of callbacks that the receiver refused, by status, in order.
func attempts(h *facts.History) map[string][]evidence.Record {
	out := map[string][]evidence.Record{}
	for _, s := range h.Hooks {
		if s.At.Webhook.Answer/100 != 2 && s.At.Webhook.Answer != unanswered {
			out[s.Status()] = append(out[s.Status()], s.At)
		}
	}
	return out
}

// refusedAgain judges callbacks that were refused for longer than the target must try. It leaves out those first tried long
// after the start, which may have waited for another refused one.
func refusedAgain(c *check.Case) {
	period, begins := c.Limit("callback.retry.period"), c.Limit("tolerance.callback-unhindered")
	for _, h := range c.EveryArchive() {
		app := h.App()
		unansweredAgain(c, h)
		for status, tries := range facts.InOrder(attempts(h)) {
			begun := c.Latest(app, tries[0].Time)
			watched := false
			for _, w := range h.Watches {
				watched = watched || w.Watch.What == "webhooks" && c.Earliest(app, w.Watch.To).After(begun.Add(period))
			}
			if tried, exact := c.Exact(app, tries[0].Time); watched && exact && tried.Before(c.Earliest(app, h.Begun.To).Add(begins)) {
				retryIntervals(c, app, status, tries)
				retryPeriod(c, app, status, tries)
			}
		}
	}
	c.SilentHooks()
}

// unansweredAgain wants a callback without an answer to be sent again, where the target had more than the longest interval for it.
func unansweredAgain(c *check.Case, h *facts.History) {
	app := h.App()
	for i, s := range h.Hooks {
		due := c.Latest(app, s.At.Time).Add(c.Limit("callback.retry.longest"))
		if s.At.Webhook.Answer != unanswered || !slices.ContainsFunc(h.Watches, func(w evidence.Record) bool {
			return w.Watch.What == "webhooks" && c.Earliest(app, w.Watch.To).After(due)
		}) {
			continue
		}
		again := slices.ContainsFunc(h.Hooks[i+1:], func(e facts.Sighting) bool { return e.Status() == s.Status() })
		c.Want(again, s.Status()+" sent again after it was not answered", "one attempt", s.At)
	}
}

// retryIntervals judges the intervals between attempts whose time is known.
func retryIntervals(c *check.Case, app, status string, tries []evidence.Record) {
	first, longest, allow := c.Limit("callback.retry.first"), c.Limit("callback.retry.longest"), c.Limit("tolerance.callback-retry")
	previous := time.Duration(0)
	for i := 1; i < len(tries); i++ {
		from, known := c.Exact(app, tries[i-1].Time)
		to, exact := c.Exact(app, tries[i].Time)
		if !known || !exact {
			continue
		}
		wait := to.Sub(from)
		at := []evidence.Record{tries[i-1], tries[i]}
		if i == 1 {
			c.Want(wait >= first-allow && wait <= first+allow, fmt.Sprintf("the second attempt of %s after %v, give or take %v", status, first, allow), about(wait).String(), at...)
		}
		c.Want(wait >= previous-allow && wait <= longest+allow, fmt.Sprintf("intervals that grow up to %v", longest), fmt.Sprintf("%v after %v", about(wait), about(previous)), at...)
		previous = wait
	}
	c.Want(len(tries) > 1, status+" sent again after it was refused", "one attempt", tries[0])
}

// retryPeriod checks that there are attempts to the end of the period, at least one in each longest interval, and none
// after the end.
func retryPeriod(c *check.Case, app, status string, tries []evidence.Record) {
	longest, period, allow := c.Limit("callback.retry.longest"), c.Limit("callback.retry.period"), c.Limit("tolerance.callback-retry")
	begun, last := c.Latest(app, tries[0].Time), tries[len(tries)-1]
	end := c.Latest(app, last.Time)
	c.Want(!end.Before(begun.Add(period-longest-allow)), fmt.Sprintf("attempts of %s for %v", status, period), "the last one after "+about(end.Sub(begun)).String(), tries[0], last)
	if n := int((end.Sub(begun) - longest) / longest); len(tries) < n {
		c.Wrong(fmt.Sprintf("at least %d attempts of %s in %v", n, status, about(end.Sub(begun))), fmt.Sprintf("%d", len(tries)), tries[0], last)
	}
	if start := c.Earliest(app, last.Time); start.After(begun.Add(period + allow)) {
		c.Wrong("no attempt after "+period.String(), "one after "+about(start.Sub(begun)).String(), last)
	}
}

// about returns a time between callbacks as findings tell it.
func about(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// signedCallbacks verifies each callback of an application with a signature secret.
func signedCallbacks(c *check.Case) {
	for _, a := range facts.InOrder(c.Apps) {
		if a.Secret == "" {
			continue
		}
		for _, r := range c.View.Webhooks().Records {
			if path := r.Webhook.Path; path != a.Callback && !a.Monitors(path) {
				continue
			}
			token, bearer := strings.CutPrefix(r.Webhook.Header.Get("Authorization"), "Bearer ")
			claims := jwt.MapClaims{}
			_, err := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation()).
				ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte(a.Secret), nil })
			switch hash, _ := claims["payload_hash"].(string); {
			case !bearer:
				c.Wrong("a bearer token", fmt.Sprintf("authorization %q", text.Clip(r.Webhook.Header.Get("Authorization"), 40)), r)
			case err != nil:
				c.Wrong("a token signed with the application's secret", err.Error(), r)
			default:
				c.Want(strings.EqualFold(hash, r.Webhook.Body.SHA256), "payload_hash "+r.Webhook.Body.SHA256, fmt.Sprintf("%q", hash), r)
			}
		}
	}
	c.SilentHooks()
}

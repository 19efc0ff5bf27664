package delivery

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"reelcheck/conformance/scenario"
	"reelcheck/conformance/target"
)

// download is [scenario.Flow.Follow].
func download(ctx context.Context, f *scenario.Flow, label, id, link string, keep bool) (target.Answer, error) {
	return f.Follow(ctx, label, id, link, keep)
}

// Parts of a signed link that tamper changes.
const (
	signature    = "signature"     // the beginning of its longest query value
	signatureEnd = "signature-end" // the same further back
	expiry       = "expiry"        // its longest numeric query value
	path         = "path"
	query        = "query" // all of it, which leaves the plain address
)

// tamper changes a part of a signed link.
func tamper(link, what string) (string, error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", err
	}
	q := u.Query()
	key, best := "", 0
	for k, v := range q {
		numeric := strings.Trim(v[0], "0123456789") == "" && v[0] != ""
		if (what != expiry || numeric) && len(v[0]) > best {
			key, best = k, len(v[0])
		}
	}
	switch {
	case what == path:
		u.Path = strings.Replace(u.Path, "/archive.", "/archivf.", 1)
	case key == "":
		return "", errors.New("the URL has no " + what + " that can be changed")
	case what == query:
		q = nil
	case what == signatureEnd: // not the very end, whose bits may mean nothing
		q.Set(key, flip(q.Get(key), best*3/4))
	default:
		q.Set(key, flip(q.Get(key), 0))
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// flip replaces a character by another one of its kind.
func flip(s string, at int) string {
	c := s[at]
	switch {
	case c == '9' || c == 'f' || c == 'F' || c == 'z' || c == 'Z':
		c--
	case c >= '0' && c < '9' || c >= 'A' && c < 'Z' || c >= 'a' && c < 'z':
		c++
	default:
		c = 'x'
	}
	return s[:at] + string(c) + s[at+1:]
}

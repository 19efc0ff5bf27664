package offer

import (
	"errors"
	"strings"
)

var errMalformed = errors.New("malformed fragment")

// Fragment is the part of a trickle ICE SDP fragment (RFC 8840 section 9) that WHIP uses.
type Fragment struct {
	Ufrag, Password string // ICE credentials; "" = none
	Candidates      []Candidate
}

// Candidate is the value of an a=candidate line and the media section that contains it.
type Candidate struct {
	Value string
	Mid   string // "" = none
}

const (
	maxCandidates   = 100
	maxCandidateLen = 1000
)

// ParseFragment parses a fragment. It skips lines that WHIP does not use and refuses malformed ones. Credentials may be at session level or in a
// media section, but must not contradict each other.
func ParseFragment(text []byte) (Fragment, error) {
	var f Fragment
	mid := ""
	for line := range strings.SplitSeq(string(text), "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case line == "":
			continue
		case len(line) < 2 || line[1] != '=':
			return Fragment{}, errMalformed
		case line[0] == 'm':
			mid = ""
			continue
		case line[0] != 'a':
			continue
		}
		key, value, _ := strings.Cut(line[2:], ":")
		switch key {
		case "mid":
			mid = value
		case "ice-ufrag":
			if !agree(&f.Ufrag, value) {
				return Fragment{}, errMalformed
			}
		case "ice-pwd":
			if !agree(&f.Password, value) {
				return Fragment{}, errMalformed
			}
		case "candidate":
			if value == "" || len(value) > maxCandidateLen || len(f.Candidates) == maxCandidates {
				return Fragment{}, errMalformed
			}
			f.Candidates = append(f.Candidates, Candidate{value, mid})
		}
	}
	if !iceToken(f.Ufrag, 4) || !iceToken(f.Password, 22) || f.Ufrag == "" && f.Password != "" {
		return Fragment{}, errMalformed
	}
	return f, nil
}

func agree(have *string, value string) bool {
	if value == "" || (*have != "" && *have != value) {
		return false
	}
	*have = value
	return true
}

// iceToken reports whether s is empty, or has at least least characters, all ice-char (RFC 8839 section 5.4).
func iceToken(s string, least int) bool {
	if s == "" {
		return true
	}
	if len(s) < least || len(s) > 256 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		alphanumeric := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !alphanumeric && r != '+' && r != '/'
	})
}

// Text returns the fragment that answers an ICE restart. Credentials are at session level, and candidates in the first media section of the
// offer, which carries the bundle.
func (f Fragment) Text(o *Offer) string {
	var b strings.Builder
	line := func(parts ...string) {
		for _, part := range parts {
			b.WriteString(part)
		}
		b.WriteString("\r\n")
	}
	line("a=group:BUNDLE ", strings.Join(o.mids, " "))
	line("a=ice-ufrag:", f.Ufrag)
	line("a=ice-pwd:", f.Password)
	media := o.description.MediaDescriptions[0].MediaName
	line("m=", media.Media, " 9 ", strings.Join(media.Protos, "/"), " 0")
	line("a=mid:", o.mids[0])
	for _, c := range f.Candidates {
		line("a=candidate:", c.Value)
	}
	line("a=end-of-candidates")
	return b.String()
}

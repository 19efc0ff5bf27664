package exhibit

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

// credential names the variable of the shell that stands for what is redacted in a header, by who asked.
var credential = map[evidence.Identity]string{
	evidence.AsUnified: "$JWT", evidence.AsLegacy: "$OPENTOK_AUTH", evidence.AsControl: "$CONTROL_TOKEN", evidence.AsClient: "$CLIENT_TOKEN",
}

// notSent are headers that curl makes itself.
var notSent = []string{"User-Agent", "Content-Length", "Accept-Encoding", "Connection", "Host"}

var token = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$") // RFC 9110, 5.6.2

// Curl returns a command for a shell that repeats a request. Where the evidence has no secret, it has a variable such as $JWT. Nothing in the
// evidence can add to the command: each argument is quoted.
func Curl(e evidence.Exchange) string {
	var b strings.Builder
	if e.Flaw != "" {
		fmt.Fprintf(&b, "# the token is flawed on purpose: %s\n", regexp.MustCompile("[^a-z-]").ReplaceAllString(string(e.Flaw), ""))
	}
	b.WriteString("curl -sS -i -g")
	switch method := e.Request.Method; method {
	case http.MethodGet:
	case http.MethodHead:
		b.WriteString(" -I")
	default:
		b.WriteString(" -X " + quote(method))
	}
	b.WriteString(" --url " + secretive(e.Request.URL, "$SECRET"))
	variable := credential[e.Identity]
	if variable == "" {
		variable = "$AUTHORIZATION"
	}
	for _, name := range slices.Sorted(maps.Keys(e.Request.Header)) {
		if slices.Contains(notSent, http.CanonicalHeaderKey(name)) || !token.MatchString(name) {
			continue
		}
		for _, value := range e.Request.Header[name] {
			line := name + ": " + value
			if value == "" {
				line = name + ";" // curl's way to send an empty header
			}
			b.WriteString(" \\\n  -H " + secretive(line, variable))
		}
	}
	switch body := e.Request.Body; {
	case body.Text != "":
		b.WriteString(" \\\n  --data-raw " + secretive(body.Text, "$SECRET"))
	case body.Size > 0:
		b.WriteString(" \\\n  --data-binary @" + quote("evidence/blobs/"+body.SHA256))
	}
	return b.String()
}

// redacted is what the journal and the client put in place of secrets. Only secrets of the suite become variables, so that a text of the target
// cannot name one of the reader's.
var redacted = regexp.MustCompile(`\[redacted(?:: (control token|api secret|client token|storage secret|private key))?\]`)

// secretive quotes s and puts variables in place of what is redacted in it: variable, or one of the name that the evidence gives.
func secretive(s, variable string) string {
	var b strings.Builder
	at := 0
	for _, m := range redacted.FindAllStringSubmatchIndex(s, -1) {
		if m[0] > at {
			b.WriteString(quote(s[at:m[0]]))
		}
		name := variable
		if m[2] >= 0 {
			name = "$" + strings.ToUpper(strings.ReplaceAll(s[m[2]:m[3]], " ", "_"))
		}
		b.WriteString(`"` + name + `"`)
		at = m[1]
	}
	if at < len(s) || at == 0 {
		b.WriteString(quote(s[at:]))
	}
	return b.String()
}

// quote quotes one argument for bash. Text with characters that do not print is written with escapes, so that a terminal into which the line is
// pasted does not act on them.
func quote(s string) string {
	s = strings.ReplaceAll(s, "\x00", "") // no argument can hold it
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}

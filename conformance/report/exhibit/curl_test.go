package exhibit

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"reelcheck/conformance/evidence"
)

// run returns the arguments with which a shell would call curl.
func run(t *testing.T, line string) []string {
	t.Helper()
	script := "curl() { printf '%s\\0' \"$@\"; }\nJWT=token SECRET=hidden API_SECRET=legacy HOME=stolen\n" + line
	out, err := exec.Command("bash", "-u", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, line)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestCurlRepeatsTheRequest(t *testing.T) {
	body := `{"name":"it's","secret":"[redacted: api secret]"}`
	line := Curl(evidence.Exchange{Identity: evidence.AsUnified, Request: evidence.Request{Method: "POST", URL: "http://h/v2/archive?a=[1]",
		Header: http.Header{"Authorization": {"Bearer [redacted]"}, "Content-Type": {"application/json"}, "User-Agent": {"reelcheck"}, "X-Empty": {""}},
		Body:   evidence.Body{Text: body, Size: int64(len(body))}}})
	want := []string{"-sS", "-i", "-g", "-X", "POST", "--url", "http://h/v2/archive?a=[1]", "-H", "Authorization: Bearer token", "-H", "Content-Type: application/json",
		"-H", "X-Empty;", "--data-raw", `{"name":"it's","secret":"legacy"}`}
	if got := run(t, line); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if line := Curl(evidence.Exchange{Flaw: evidence.ExpiredToken, Request: evidence.Request{Method: "HEAD", URL: "http://h/"}}); !strings.HasPrefix(line, "# the token is flawed on purpose: expired\ncurl -sS -i -g -I --url") {
		t.Error(line)
	}
}

var hostile = []string{"'; touch /tmp/owned; '", "$(touch /tmp/owned)", "`id`", "a\nrm -rf x", "\\", "\\'", "'\\''", "\x1b]0;owned\x07", "-o/tmp/x", "@/etc/passwd", "!!", "$HOME", "\xff\xfe",
	"[redacted: home]", "[redacted: api secret]; id", "'\n'\\\n", "\u202etxt", "\x7f\x80"}

// TestCurlIsOneCommand checks that nothing in the evidence adds to the command.
func TestCurlIsOneCommand(t *testing.T) {
	for _, h := range hostile {
		checkCurl(t, h)
	}
}

func FuzzCurl(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, h string) { checkCurl(t, h) })
}

func checkCurl(t *testing.T, h string) {
	t.Helper()
	h = strings.ReplaceAll(h, "\x00", "")
	line := Curl(evidence.Exchange{Identity: evidence.Identity(h), Flaw: evidence.Flaw(h), Request: evidence.Request{Method: "X" + h, URL: h,
		Header: http.Header{h: {"v"}, "X-Test": {h + "."}}, Body: evidence.Body{Text: "." + h}}})
	var got []string
	for _, arg := range run(t, line) {
		if !strings.HasPrefix(arg, h+":") { // a header whose name happens to be one
			got = append(got, arg)
		}
	}
	known := strings.NewReplacer("[redacted]", "hidden", "[redacted: api secret]", "legacy").Replace
	if strings.Contains(h, "[redacted") && h != "[redacted: home]" && h != "[redacted: api secret]; id" {
		return // its variables are not all set
	}
	want := []string{"-sS", "-i", "-g", "-X", "X" + h, "--url", known(h), "-H", "X-Test: " + known(h) + ".", "--data-raw", "." + known(h)}
	if token.MatchString(h) {
		want, got = want[:5], got[:5]
	}
	if strings.Join(got, "\x00") != strings.Join(want, "\x00") {
		t.Errorf("got %q\nwant %q\nof %s", got, want, line)
	}
	for _, r := range line {
		if r < ' ' && r != '\n' || r == 0x7f {
			t.Errorf("%q has a character that does not print", line)
		}
	}
}

package config

import (
	"slices"
	"strings"
	"testing"
)

func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

func TestVariablesInEveryValue(t *testing.T) {
	f, err := DecodeWith(strings.NewReader(`
url: ${SCHEME}://${HOST}:8443/api
time: ${TIME}
requestTimeout: ${PATIENCE}
capabilities: [legacy, "${CODEC}"]
credentials: {applicationId: a, apiKey: "${KEY}", apiSecret: "${SECRET}", privateKeyFile: 'a$${b}c$d'}
sinks: {s3: {secretKey: literal-secret}}
`), environment(map[string]string{"SCHEME": "https", "HOST": "video.example.com", "TIME": "real", "PATIENCE": "3s", "CODEC": "vp8",
		"KEY": "0123", "SECRET": "null: [hush, ${HOST}]"}))
	if err != nil {
		t.Fatal(err)
	}
	if f.URL != "https://video.example.com:8443/api" || f.Time != Real || f.RequestTimeout.Or(0).String() != "3s" || !f.Has(VP8) {
		t.Errorf("%+v", f)
	}
	// A value is text, not YAML, and is not expanded again.
	if c := f.Credentials; c.APIKey != "0123" || c.APISecret != "null: [hush, ${HOST}]" || c.PrivateKeyFile != "a${b}c$d" {
		t.Errorf("%+v", c)
	}
	if got := f.Conceal("literal-secret of https, null: [hush, ${HOST}]"); got != "sinks.s3.secretKey of https, credentials.apiSecret" {
		t.Errorf("%q shows secrets or hides too much", got)
	}
}

func TestVariablesOfCommandsAreSecret(t *testing.T) {
	f, err := DecodeWith(strings.NewReader(`
launch: {command: [server, --port, "0", "--token=${TOKEN}"], env: {PLAIN: text, HIDDEN: "${HIDDEN}"}}
name: ${NAME}
`), environment(map[string]string{"TOKEN": "t0ken", "HIDDEN": "hush", "NAME": "shown"}))
	if err != nil {
		t.Fatal(err)
	}
	want := []Secret{{"${TOKEN}", "t0ken"}, {"${HIDDEN}", "hush"}}
	if !slices.Equal(f.Secrets, want) {
		t.Errorf("secrets %v, want %v", f.Secrets, want)
	}
	if got := f.Conceal(strings.Join(f.Launch.Command, " ")); got != "server --port 0 --token=${TOKEN}" {
		t.Error(got)
	}
}

func TestWalkRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		wants []string
	}{
		"misspelt":          {"ready: a\nsinks:\n  s3:\n    lissten: 1\n", []string{`line 4: sinks.s3: unknown key "lissten", did you mean "listen"?`}},
		"wrong case":        {"URL: a\n", []string{`line 1: unknown key "URL", did you mean "url"?`}},
		"far from all":      {"ready: a\nsinks: {mailbox: 1}\n", []string{`line 2: sinks: unknown key "mailbox", want one of webhook, s3, azure, mail`}},
		"two at once":       {"redy: a\nsinks: {s4: {}}\n", []string{"line 1: ", `did you mean "ready"?`, "line 2: sinks: ", `did you mean "s3"?`}},
		"not set":           {"ready: a\ncredentials:\n  apiSecret: ${NOWHERE}\n", []string{"line 3: credentials.apiSecret: the environment variable NOWHERE is not set"}},
		"empty":             {"ready: ${EMPTY}\n", []string{"EMPTY is not set, or empty"}},
		"not a name":        {"ready: 'a${b-c}'\n", []string{"line 1: ready: want ${NAME}"}},
		"text for keys":     {"ready: a\nsinks: hush\n", []string{"line 2: sinks: want keys with values, found a single value"}},
		"list for text":     {"ready: [a]\n", []string{"line 1: ready: want a single value, found a list"}},
		"keys for a list":   {"ready: a\ncapabilities: {s3: true}\n", []string{"line 2: capabilities: want a list, found keys with values"}},
		"key by an alias":   {"ready: a\nsinks: {s3: &x {drvr: own}, azure: *x}\n", []string{`sinks.s3: unknown key "drvr"`, `sinks.azure: unknown key "drvr"`}},
		"key by merging":    {"ready: a\nsinks: {<<: {webhok: {}}}\n", []string{`sinks: unknown key "webhok", did you mean "webhook"?`}},
		"an endless alias":  {"sinks: &x {s3: *x}\n", []string{""}},
		"in an application": {"url: http://a\napplications: {cloud: {apikey: 1}}\n", []string{`applications.cloud: unknown key "apikey", did you mean "apiKey"?`}},
		"nothing":           {"# only a comment\n", []string{"it is empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecodeWith(strings.NewReader(c.in), environment(map[string]string{"EMPTY": ""}))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("error %q shows a value of a place that may be secret", err)
			}
		})
	}
}

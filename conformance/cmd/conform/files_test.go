package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/verdict"
)

// TestFilesOfTheTargetFile checks that a file which the target file names and which is missing or broken is told before anything is tried.
func TestFilesOfTheTargetFile(t *testing.T) {
	dir := t.TempDir()
	write := writer(t, dir)
	write("broken.key", "no key")
	write("half.json", `{"applicationId": "a", "apiKey": "1"}`)
	write("broken.json", `{"applicationId": "a", "privateKey": "no key"}`)
	own := "credentials: {apiKey: 1, apiSecret: long-secret}\n"
	for _, c := range []struct{ text, member, file, why string }{
		{"credentials: {apiKey: 1, apiSecret: long-secret, applicationId: a, privateKeyFile: nope.key}\n", "credentials.privateKeyFile: ", "nope.key", "no such file"},
		{"credentials: {apiKey: 1, apiSecret: long-secret, applicationId: a, privateKeyFile: broken.key}\n", "credentials.privateKeyFile: ", "broken.key", "not PEM"},
		{own + "applications: {foreign: {apiKey: 2, apiSecret: s, applicationId: b, privateKeyFile: nope.key}}\n", "applications.foreign.privateKeyFile: ", "nope.key", "no such file"},
		{own + "applications: {foreign: {file: nope.json}}\n", "applications.foreign.file: ", "nope.json", "no such file"},
		{own + "applications: {foreign: {file: broken.json}}\n", "applications.foreign.file: ", "broken.json", "not PEM"},
		{own + "applications: {foreign: {file: half.json}}\n", "applications.foreign.file: ", "half.json", "lacks apiSecret"},
		{own + "publisher: {driver: browser, browser: {page: nope.html}}\n", "publisher.browser.page: ", "nope.html", "no such file"},
	} {
		name := write("t.yaml", "url: http://127.0.0.1:1\ncapabilities: [legacy]\n"+c.text)
		for _, args := range [][]string{{"plan"}, {"run", "--out", filepath.Join(dir, "out")}, {"doctor"}} {
			code, out, errs := conform(t, append(args, "--target", name)...)
			if code != verdict.ExitUsage || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, c.member) ||
				!strings.Contains(errs, filepath.Join(dir, c.file)) || !strings.Contains(errs, c.why) {
				t.Errorf("%s with %q: exit %d: %s%s", args[0], c.text, code, out, errs)
			}
		}
	}
}

// TestDoctorOfASilentAdapter checks that an adapter which says nothing takes a part of the time that doctor has.
func TestDoctorOfASilentAdapter(t *testing.T) {
	name := writer(t, t.TempDir())("t.yaml", "url: http://127.0.0.1:1\ncapabilities: [legacy]\ncredentials: {apiKey: 1, apiSecret: long-secret}\n"+
		"publisher: {driver: command, command: {run: [sleep, '60']}}\n")
	began := time.Now()
	code, out, errs := conform(t, "doctor", "--within", "3s", "--target", name)
	if code != verdict.ExitUnreachable || !strings.Contains(out, "no line with the event hello within 1s") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

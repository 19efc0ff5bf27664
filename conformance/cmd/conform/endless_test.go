package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/verdict"
)

// TestFilesWithoutEnd gives each command files that do not end. It is told that they are too long, or that their beginning is no JSON.
func TestFilesWithoutEnd(t *testing.T) {
	const endless = "/dev/zero"
	dir := t.TempDir()
	write := writer(t, dir)
	// link makes a folder in which a file has no end.
	link := func(name string, others map[string]string) string {
		t.Helper()
		in := filepath.Join(t.TempDir(), "report")
		if err := os.MkdirAll(filepath.Join(in, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(endless, filepath.Join(in, name)); err != nil {
			t.Fatal(err)
		}
		for other, text := range others {
			if err := os.WriteFile(filepath.Join(in, other), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return in
	}
	const head = "url: http://127.0.0.1:1\ncapabilities: [legacy]\n"
	good := write("good.yaml", head+"credentials: {apiKey: 1, apiSecret: secret}\n")
	about := map[string]string{"evidence/bundle.json": `{"format":1}`}
	for name, args := range map[string][]string{
		"target":         {"plan", "--target", endless},
		"key":            {"doctor", "--target", write("key.yaml", head+"credentials: {apiKey: 1, apiSecret: secret, applicationId: a, privateKeyFile: "+endless+"}\n")},
		"application":    {"run", "--target", write("app.yaml", head+"applications: {default: {file: "+endless+"}}\n"), "--out", filepath.Join(dir, "out")},
		"ready":          {"run", "--target", write("ready.yaml", "ready: "+endless+"\ncapabilities: [legacy]\n"), "--out", filepath.Join(dir, "out")},
		"page":           {"plan", "--target", write("page.yaml", head+"credentials: {apiKey: 1, apiSecret: secret}\npublisher: {driver: browser, browser: {page: "+endless+"}}\n")},
		"baseline":       {"run", "--target", good, "--baseline", endless, "--out", filepath.Join(dir, "out")},
		"signing key":    {"run", "--target", good, "--sign", endless, "--out", filepath.Join(dir, "out")},
		"report":         {"report", endless},
		"report folder":  {"diff", link(folder.JSON, nil), endless},
		"site":           {"site", "--out", filepath.Join(dir, "site"), endless},
		"head":           {"regrade", link("evidence/bundle.json", nil)},
		"journal":        {"regrade", link("evidence/journal.jsonl", about)},
		"journal looked": {"evidence", "#1", "--dir", link("evidence/journal.jsonl", about)},
		"pledges":        {"collect", link("pledges.json", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := conform(t, args...)
			if code != verdict.ExitUsage && code != verdict.ExitUnreachable || !strings.Contains(stderr, "which is the limit") && !strings.Contains(stderr, "invalid character") {
				t.Errorf("exit %d: %s%s", code, stdout, stderr)
			}
		})
	}
}

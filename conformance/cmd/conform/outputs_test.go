package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/report/reporttest"
	"reelcheck/conformance/verdict"
)

// reported returns a folder with a report.
func reported(t *testing.T, r *report.Report) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "report")
	if err := folder.Write(dir, r); err != nil {
		t.Fatal(err)
	}
	return dir
}

// keys writes a pair of keys and returns their files.
func keys(t *testing.T) (private, public string) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	private, public = filepath.Join(dir, "key.pem"), filepath.Join(dir, "pub.pem")
	for name, b := range map[string]*pem.Block{private: {Type: "PRIVATE KEY", Bytes: pkcs8}, public: {Type: "PUBLIC KEY", Bytes: spki}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return private, public
}

func want(t *testing.T, code int, stdout string, args ...string) {
	t.Helper()
	got, out, errs := conform(t, args...)
	if got != code || !strings.Contains(out, stdout) {
		t.Errorf("%v: exit %d, want %d with %q: %s%s", args, got, code, stdout, out, errs)
	}
}

func TestSignAndVerify(t *testing.T) {
	dir := reported(t, reporttest.Sample())
	private, public := keys(t)
	want(t, 1, "verify: it is not signed", "verify", dir)
	want(t, 1, "1 excused", "report", dir, "--sign", private, "--annotate=false")
	want(t, 0, "verify: 5 files are as signed", "verify", dir, "--key", public)
	want(t, 0, "name the signer's by --key", "verify", dir)
	if err := os.WriteFile(filepath.Join(dir, folder.JSON), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, 1, "changed   report.json", "verify", dir, "--key", public)
	for _, args := range [][]string{{"verify", dir, "--key", private}, {"verify", filepath.Join(dir, "nowhere")}, {"report", dir, "--sign", public}, {"verify"}} {
		if code, _, errs := conform(t, args...); code != verdict.ExitUsage {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
}

func TestAnnotationsAreAskedFor(t *testing.T) {
	dir := reported(t, reporttest.Sample())
	want(t, 1, "::error title=ARC-START-02 no client::", "report", dir, "--annotate")
	if _, out, _ := conform(t, "report", dir, "--annotate=false"); strings.Contains(out, "::error") {
		t.Errorf("annotations without being asked: %s", out)
	}
}

func TestDiff(t *testing.T) {
	worse := reported(t, reporttest.Sample())
	r := reporttest.Sample()
	r.Clauses[1].Outcome = verdict.Pass
	better := reported(t, r)
	want(t, 0, "diff: 0 regressed, 0 fixed, 0 flaky, 0 changed, 0 added, 0 removed, 9 the same", "diff", worse, worse)
	want(t, 1, "regressed  ARC-START-02", "diff", better, worse)
	want(t, 0, "fixed      ARC-START-02", "diff", filepath.Join(worse, folder.JSON), better)
	want(t, 1, "### diff: 1 regressed", "diff", better, worse, "--markdown")
	_, out, _ := conform(t, "diff", better, worse, "--json")
	if !json.Valid([]byte(out)) {
		t.Errorf("no JSON: %s", out)
	}
	for _, args := range [][]string{{"diff", worse}, {"diff", worse, filepath.Join(worse, "nowhere")}, {"diff", worse, better, "--json", "--markdown"}} {
		if code, _, errs := conform(t, args...); code != verdict.ExitUsage {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
}

func TestSite(t *testing.T) {
	out := filepath.Join(t.TempDir(), "site")
	want(t, 0, "site: 2 reports in "+out, "site", "--out", out, "acme="+reported(t, reporttest.Sample()), reported(t, reporttest.Sample()))
	for _, name := range []string{"index.html", "01-acme/report.html", "02-http-127-0-0-1-8080/badge.svg"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	twice := reported(t, reporttest.Sample())
	for _, args := range [][]string{{"a=" + twice, "a=" + twice}, {twice, twice}} {
		if code, _, errs := conform(t, append([]string{"site", "--out", out}, args...)...); code != verdict.ExitUsage || !strings.Contains(errs, "are both named") {
			t.Errorf("%q: exit %d: %s", args, code, errs)
		}
	}
	for _, arg := range []string{"=" + reported(t, reporttest.Sample()), "acme=", "="} {
		if code, _, errs := conform(t, "site", "--out", out, arg); code != verdict.ExitUsage || !strings.Contains(errs, "NAME=DIR or DIR") {
			t.Errorf("%s: exit %d: %s", arg, code, errs)
		}
	}
}

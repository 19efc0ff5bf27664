package mutants

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/runner/progress"
	"reelcheck/conformance/target/config"
	"reelcheck/conformance/verdict"
)

// judgeEnv is the environment variable with the target file that a child of this test judges. Ginkgo can host only one
// run per process.
const judgeEnv = "REELCHECK_JUDGE"

func TestMain(m *testing.M) {
	if file := os.Getenv(judgeEnv); file != "" {
		code, err := judged(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(verdict.ExitUsage)
		}
		os.Exit(code)
	}
	debug.SetGCPercent(400) // judging makes much garbage, and the evidence that stays is small
	os.Exit(m.Run())
}

// judged runs the suite against the target of a file. The last line on stdout is the path of the JSON report.
func judged(file string) (int, error) {
	f, err := config.ReadFile(file)
	if err != nil {
		return 0, err
	}
	l, err := loadLedger()
	if err != nil {
		return 0, err
	}
	p, err := runner.NewPlan(l, runner.Selection{}, f)
	if err != nil {
		return 0, err
	}
	o := runner.Options{Out: filepath.Dir(file), RunID: "sentinel", Version: "test", Progress: progress.New(io.Discard, false), Now: time.Now}
	got, err := runner.Run(context.Background(), p, runner.Selection{}, o)
	if err != nil {
		return 0, err
	}
	return got.Code, folder.Write(o.Out, got.Report)
}

// TestSentinelsMeetNoDemand checks that no demand is met by a server that does nothing right.
func TestSentinelsMeetNoDemand(t *testing.T) {
	key := privateKey(t)
	for _, s := range Sentinels {
		for _, control := range []bool{true, false} {
			name := s.Name
			if control {
				name += "-with-control"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				server := s.Serve()
				defer server.Close()
				defer server.CloseClientConnections()
				dir := t.TempDir()
				file := writeTarget(t, dir, server.URL, key, control)
				if code := run(t, file); code != s.Exit {
					t.Errorf("exit code %d, want %d", code, s.Exit)
				}
				ids, counts := passed(t, filepath.Join(dir, "report.json"))
				if s.Exit == verdict.ExitNonConformant && counts.Failed < 40 || s.Exit == verdict.ExitUnreachable && counts.Inconclusive < 200 {
					t.Errorf("%v: want at least 40 failures, or 200 inconclusive clauses if it is gone", counts)
				}
				for _, id := range ids {
					t.Errorf("%s passes on a server that does nothing right", id)
				}
			})
		}
	}
}

func run(t *testing.T, file string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), judgeEnv+"="+file)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("the run did not end: %s", out)
	}
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code == verdict.ExitUsage {
		t.Fatalf("the run could not begin: %s", out)
	}
	return cmd.ProcessState.ExitCode()
}

// passed returns the must-clauses that passed, and the counts of all clauses.
func passed(t *testing.T, name string) ([]string, verdict.Counts) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Counts  verdict.Counts `json:"counts"`
		Clauses []struct {
			ID, Level string
			Outcome   verdict.Outcome
		} `json:"clauses"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range doc.Clauses {
		if c.Outcome == verdict.Pass && c.Level == "must" {
			ids = append(ids, c.ID)
		}
	}
	return ids, doc.Counts
}

func writeTarget(t *testing.T, dir, url, key string, control bool) string {
	t.Helper()
	l := ledger(t)
	var names []string
	for _, c := range everything(l) {
		if c != "control" || control {
			names = append(names, c)
		}
	}
	text := fmt.Sprintf(`url: %s
credentials: {applicationId: 11111111-2222-4333-8444-555555555555, privateKeyFile: %s, apiKey: 100001, apiSecret: a-secret-of-nobody, controlToken: a-token-of-nobody}
capabilities: [%s]
sinks: {azure: {driver: own, endpoint: %q, account: nobody, key: c2VjcmV0, container: nowhere}}
requestTimeout: 300ms
`, url, key, strings.Join(names, ", "), emptyContainer(t))
	file := filepath.Join(dir, "target.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// emptyContainer returns the address of an Azure account in which every container is empty.
func emptyContainer(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, "<EnumerationResults><Blobs/></EnumerationResults>")
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func privateKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "private.key")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

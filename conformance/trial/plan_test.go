package trial

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/runner"
	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

// TestPlanAndRunOfLittle judges archived as a target that declares little. The plan, which goes by a recorded run of a target that
// declares everything, counts the archives that the run starts, and no scenario waits for what such a target never does.
func TestPlanAndRunOfLittle(t *testing.T) {
	dir, clauses := t.TempDir(), []string{"ARC-START-11", "ARC-STOP-01", "ARC-STOP-05", "ARC-AUTH-01"}
	listen, file := freePort(t), filepath.Join(dir, "target.yaml")
	text := `launch: {command: [` + dir + `/archived, serve, --port, "0", --allow-private-addresses, --data, "{{tempdir}}",
  --archive-callback-url, "http://` + listen + `/"]}
capabilities: [callback, events, cloud, unified, legacy, vp8]
sinks: {webhook: {listen: "` + listen + `"}}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", dir+string(filepath.Separator), "./reference/cmd/archived", "./conformance/cmd/conform")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := Suite{Conform: filepath.Join(dir, "conform"), Target: file, Folder: dir, Patience: 2 * time.Minute}
	if _, err := s.Run(t.Context(), filepath.Join(dir, "report"), clauses); err != nil {
		t.Fatal(err)
	}
	v, _, err := evidence.Open(filepath.Join(dir, "report", runner.EvidenceDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range v.Watches().Records {
		if r.Watch.Until != "" && !r.Watch.Met {
			t.Errorf("%s, %s: waited for %s in vain, for %v", r.Scenario, r.Label, r.Watch.Until, r.Watch.To.Sub(r.Watch.From))
		}
	}
	started := 0
	for _, r := range v.Exchanges(evidence.StartArchive).Records {
		if r.Exchange.Status() == 200 {
			started++
		}
	}

	ledger, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	f, err := config.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := runner.NewPlan(ledger, runner.Selection{Clauses: clauses}, f)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := p.Estimate(); err != nil || e.Archives != started || started == 0 {
		t.Errorf("the plan counts %d archives (%v), the run started %d", e.Archives, err, started)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

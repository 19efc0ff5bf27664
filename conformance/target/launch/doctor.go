package launch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// Finding is one answer of the doctor.
type Finding struct {
	Name   string
	OK     bool
	Detail string // what was seen; when not OK, what to do about it
	// Environment: the trouble is on the suite's side, not the target's.
	Environment bool
}

// skewLimit is how far clocks may differ before signed tokens begin to fail.
const skewLimit = 10 * time.Second

// Doctor looks at a running target with c before anything is recorded: is it there, does it take our
// credentials, do the clocks agree, is there what the suite itself needs. It takes well under 10 s.
func (t *Target) Doctor(ctx context.Context, c *target.Client) ([]Finding, error) {
	var out []Finding
	add := func(name string, ok bool, format string, args ...any) {
		out = append(out, Finding{Name: name, OK: ok, Detail: fmt.Sprintf(format, args...)})
	}
	for _, tool := range []string{"ffmpeg", "ffprobe"} {
		path, err := exec.LookPath(tool)
		out = append(out, Finding{Name: "tool " + tool, OK: err == nil, Detail: orElse(path, "not in PATH: decoded frames cannot be judged"), Environment: true})
	}
	c.Timeout = 5 * time.Second
	probe, err := c.Do(ctx, target.Call{Label: "doctor.reach", Method: http.MethodGet, Path: "/v2/project/" + c.App.Path(evidence.AsUnified) + "/archive", As: evidence.AsNobody})
	if err != nil {
		return out, err
	}
	if probe.Status == 0 {
		add("reachable", false, "%s: %s", c.Base, probe.Exchange.Error)
		return out, nil
	}
	add("reachable", true, "%s answered in %v", c.Base, probe.Exchange.Duration.Round(time.Millisecond))
	out = append(out, t.skew(probe))
	for _, as := range []struct {
		need config.Capability
		target.As
	}{{config.Unified, c.Unified()}, {config.Legacy, c.Legacy()}} {
		if !t.File.Has(as.need) || as.need == config.Unified && c.App.PrivateKey == nil || as.need == config.Legacy && c.App.APISecret == "" {
			continue
		}
		a, err := as.List(ctx, "doctor.auth."+string(as.need), url.Values{"count": {"1"}}, false)
		if err != nil {
			return out, err
		}
		add(string(as.need)+" credentials", a.Status == http.StatusOK, "listing archives answered %d", a.Status)
	}
	if t.File.Has(config.Control) {
		_, _, err := c.Policy(ctx, "doctor.control")
		add("control API", err == nil, "%s", orElse(errText(err), "answers"))
	}
	return out, nil
}

// skew compares the target's Date header with our clock.
func (t *Target) skew(a target.Answer) Finding {
	f := Finding{Name: "clock", Environment: true}
	date, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		f.OK, f.Detail = true, "the target sends no Date header; not compared"
		return f
	}
	d := date.Sub(a.Exchange.Started).Round(time.Second)
	f.OK = d.Abs() <= skewLimit
	f.Detail = fmt.Sprintf("differs by %v (limit %v)", d, skewLimit)
	return f
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

package scenario

import (
	"fmt"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target"
	"reelcheck/conformance/target/config"
)

// usePrepared sets c to the prepared application of a role and describes it in the evidence.
func (f *Flow) usePrepared(c *target.Client, label string, a App) (at Place, err error) {
	cred, err := role.Credentials(f.Target.File, f.Target.Credentials, a.Name)
	if err != nil {
		return at, err
	}
	if c.App, err = target.NewApp(cred); err != nil {
		return at, err
	}
	f.Journal.Redact("api secret", c.App.APISecret)
	p := evidence.Prepared{Role: a.Name, APIKey: c.App.APIKey, Store: role.UploadsTo(f.Target.File, a.Name), Codec: a.Codec, Monitored: f.Target.File.Has(config.Monitoring)}
	switch {
	case a.Name == role.Unreachable:
		p.Unreachable = true
	case p.Store == "s3" && f.Store != nil:
		at = Place{store: f.Store, Name: f.Target.File.Sinks.S3.Bucket}
		p.Endpoint, p.SSE = f.Store.TargetEndpoint, f.Target.File.Has(config.SSE) && a.Name == role.Default
	case p.Store == "azure" && f.Azure != nil:
		at = Place{store: f.Azure, Name: f.Target.File.Sinks.Azure.Container}
	}
	return at, f.Append(evidence.Record{Label: label, IDs: map[string]string{evidence.Application: c.App.Name()}, Prepared: &p})
}

// OnlyControl is the text of a step about what nobody can prepare by hand.
func (s Scenario) OnlyControl() string {
	return "only the control API can show it, because " + s.Why
}

// Unmade returns the record, if any, of what s does not show on an application that somebody prepared.
func (s Scenario) Unmade(f config.File) []evidence.Record {
	if len(s.Made) == 0 || f.Has(config.Control) {
		return nil
	}
	return []evidence.Record{{Label: "made", Step: &evidence.Step{Outcome: evidence.Unmet, BlockedBy: string(config.Control), Text: s.OnlyControl(), Clauses: s.Made}}}
}

// lacking returns the step that ends s before it begins, because f does not declare or prepare what s needs. lacks is false if
// nothing is missing. The text says what a person may add to the target file.
func (s Scenario) lacking(f config.File) (step evidence.Step, lacks bool) {
	unmet := func(need, format string, args ...any) (evidence.Step, bool) {
		return evidence.Step{Outcome: evidence.Unmet, BlockedBy: need, Text: fmt.Sprintf(format, args...)}, true
	}
	switch missing := f.Missing(s.Needs...); missing {
	case "":
	case config.Control, config.Faults:
		return unmet(string(missing), "%s", s.OnlyControl())
	default:
		return unmet(string(missing), "the target does not declare %[1]s; add it to the capabilities if the target has it", missing)
	}
	if s.Files && !f.Has(config.S3) && !f.Has(config.Azure) && !f.Has(config.Cloud) {
		return unmet(string(config.Cloud), "the suite cannot get the files; add cloud or s3 to the capabilities if the target has it")
	}
	if s.Refuses && f.Sinks.S3.Direct() {
		return unmet("store", "it takes a store of the suite, which refuses uploads; sinks.s3 is one that the target reaches directly")
	}
	if f.Has(config.Control) {
		return step, false
	}
	for _, name := range append([]string{s.App.role()}, s.Beside...) {
		if _, served := role.ServesAs(f, name); !served {
			return unmet("application "+name, "it takes %s; prepare one and add it to the target file as applications.%s", role.Prepares[name], name)
		}
	}
	return step, false
}

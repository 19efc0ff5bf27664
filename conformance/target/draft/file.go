package draft

import (
	"bytes"
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

//go:embed target.yaml.tmpl
var form string

// other is a capability that is not declared.
type other struct {
	Name config.Capability
	Text string
}

// Render returns the target file for settled answers. base is the directory that it will be in, schema the path of the
// JSON Schema as seen from there.
func (a *Answers) Render(base, schema string) ([]byte, error) {
	ledger, err := spec.Load()
	if err != nil {
		return nil, err
	}
	declared := a.declared()
	var others []other
	for _, c := range config.Capabilities {
		if !slices.Contains(declared, c) && c != config.Control {
			others = append(others, other{c, ledger.Capabilities[spec.Capability(c)]})
		}
	}
	local := *a
	if local.PrivateKey, err = beside(base, a.PrivateKey); err != nil {
		return nil, err
	}
	if local.Foreign.PrivateKey, err = beside(base, a.Foreign.PrivateKey); err != nil {
		return nil, err
	}
	t, err := template.New("target file").Funcs(template.FuncMap{"yaml": value}).Parse(form)
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		*Answers
		Schema   string
		Declared []config.Capability
		Others   []other
	}{&local, schema, declared, others})
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	set := func(string) (string, bool) { return "set later", true }
	if _, err := config.DecodeWith(bytes.NewReader(out.Bytes()), set); err != nil {
		return nil, fmt.Errorf("these answers make no target file: %w", err)
	}
	return out.Bytes(), nil
}

// declared returns the capabilities in the order of the ledger's list, with those that follow from the answers.
func (a *Answers) declared() []config.Capability {
	follow := map[config.Capability]bool{
		config.Unified:  a.ApplicationID != "",
		config.Legacy:   a.APIKey != "",
		config.Callback: a.CallbackURL != "",
		config.S3:       a.Files == FilesInBucket || a.Files == FilesAtSuite,
		config.Events:   a.Events == "yes",
		config.Cloud:    a.Files == FilesByLink,
	}
	named := list(a.Capabilities)
	return slices.DeleteFunc(slices.Clone(config.Capabilities), func(c config.Capability) bool { return !follow[c] && !slices.Contains(named, c) })
}

// Words returns the program that publishes, and its arguments.
func (a *Answers) Words() []string { return strings.Fields(a.Command) }

// beside returns a path as seen from a directory.
func beside(base, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	from, err := filepath.Abs(base)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if rel, err := filepath.Rel(from, to); err == nil && filepath.IsLocal(rel) {
		return rel, nil
	}
	return to, nil
}

// value writes text as a value of a target file.
func value(text string) (string, error) {
	b, err := yaml.Marshal(strings.ReplaceAll(text, "${", "$${"))
	return strings.TrimSpace(string(b)), err
}

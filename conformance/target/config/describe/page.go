package describe

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/invopop/jsonschema"

	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

const introduction = `<!-- Written by make generate from package conformance/target/config. Do not edit. -->
# The target file

A target file (YAML) describes the server that conform judges. ` + "`conform init`" + ` writes one for a server without the control API,
` + "`conform doctor`" + ` proves that it is right, and editors complete and check it by its first line:

` + "```yaml" + `
# yaml-language-server: $schema=./target.schema.json
` + "```" + `

The schema is [target.schema.json](../target/config/target.schema.json); ` + "`conform init`" + ` writes it beside the file, and
` + "`conform schema target`" + ` prints it. The files of this folder are examples.

- In every value ` + "`${NAME}`" + ` stands for that environment variable, and ` + "`$${`" + ` for the text ` + "`${`" + `. A variable that is not set, or empty, is an error.
  What a variable holds is text, never YAML. Evidence and reports show neither secrets nor the variables of commands.
- An unknown key is an error, with its line and the nearest key.
- Exactly one of ` + "`launch`, `ready` and `url`" + ` says where the server is.
- Relative paths are relative to the file.

`

// Page returns the reference page.
func Page() ([]byte, error) {
	s, err := File()
	if err != nil {
		return nil, err
	}
	ledger, err := spec.Load()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(introduction)
	section(&b, s, "", s)
	b.WriteString("## Capabilities\n\n| capability | what it says |\n|---|---|\n")
	for _, c := range config.Capabilities {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c, cell(ledger.Capabilities[spec.Capability(c)]))
	}
	return []byte(b.String()), nil
}

// section writes the keys of s, which stands at path, and then those of what they hold.
func section(b *strings.Builder, root *jsonschema.Schema, path string, s *jsonschema.Schema) {
	fmt.Fprintf(b, "## %s\n\n| key | |\n|---|---|\n", cmp.Or(path, "Keys"))
	var below []func()
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		at := strings.TrimPrefix(path+"."+p.Key, ".")
		fmt.Fprintf(b, "| `%s` | %s |\n", p.Key, cell(p.Value.Description+words(p.Value)))
		target, list := p.Value, at
		if target.AdditionalProperties != nil {
			target, list = target.AdditionalProperties, at+".{role}"
		}
		if def := root.Definitions[strings.TrimPrefix(target.Ref, "#/$defs/")]; def != nil && def.Properties.Len() > 0 {
			below = append(below, func() { section(b, root, list, def) })
		}
	}
	b.WriteString("\n")
	for _, next := range below {
		next()
	}
}

// words lists the values of an enumeration.
func words(s *jsonschema.Schema) string {
	for _, choice := range s.AnyOf {
		var all []string
		for _, value := range choice.Enum {
			all = append(all, fmt.Sprintf("`%v`", value))
		}
		if len(all) > 0 {
			return " One of " + strings.Join(all, ", ") + "."
		}
	}
	return ""
}

func cell(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "|", `\|`) }

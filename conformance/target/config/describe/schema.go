// Package describe writes the JSON Schema of target files, and a page about their keys, from the types of package config
// and their comments.
package describe

//go:generate go run ./write

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"reelcheck/conformance/target/config"
	"reelcheck/spec"
)

// Where the files are, as seen from this package.
const (
	SchemaFile = "../target.schema.json"
	PageFile   = "../../../targets/README.md"
)

const (
	here = "reelcheck/conformance/target/config/describe"
	// variable matches a value that is an environment variable.
	variable = `\$\{[A-Za-z_][A-Za-z0-9_]*\}`
	duration = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
)

// File describes the target file. It reads the sources in the directory above the current one.
func File() (*jsonschema.Schema, error) {
	ledger, err := spec.Load()
	if err != nil {
		return nil, err
	}
	r := &jsonschema.Reflector{FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, ExpandedStruct: true, Anonymous: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema { return scalar(t, ledger) }}
	if err := r.AddGoComments(here, "..", jsonschema.WithFullComment()); err != nil {
		return nil, err
	}
	s := r.ReflectFromType(reflect.TypeFor[config.File]())
	s.ID, s.Title = config.SchemaID, "target file of conform"
	for _, place := range []string{"launch", "ready", "url"} {
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Required: []string{place}})
	}
	if applications, ok := s.Properties.Get("applications"); ok {
		applications.PropertyNames = &jsonschema.Schema{}
		for _, role := range config.Roles {
			applications.PropertyNames.Enum = append(applications.PropertyNames.Enum, role)
		}
	}
	tidy(s)
	for _, def := range s.Definitions {
		tidy(def)
	}
	return s, nil
}

// scalar describes the types that are written as one value.
func scalar(t reflect.Type, ledger spec.Ledger) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[config.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: duration}
	case reflect.TypeFor[config.Key]():
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "integer"}}}
	case reflect.TypeFor[config.TimeMode]():
		s := &jsonschema.Schema{Type: "string"}
		for _, m := range config.Modes {
			s.Enum = append(s.Enum, m)
		}
		return s
	case reflect.TypeFor[config.Capability]():
		s := &jsonschema.Schema{}
		for _, c := range config.Capabilities {
			s.OneOf = append(s.OneOf, &jsonschema.Schema{Const: c, Description: ledger.Capabilities[spec.Capability(c)]})
		}
		return s
	}
	return nil
}

// tidy lets comments name keys instead of fields, and lets every value be an environment variable.
func tidy(s *jsonschema.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		text := strings.Join(strings.Fields(p.Value.Description), " ")
		if first, rest, _ := strings.Cut(text, " "); strings.EqualFold(first, p.Key) {
			text = p.Key + " " + rest
		}
		p.Value.Description = text
		p.Value = open(p.Value)
		if p.Value.Items != nil {
			p.Value.Items = open(p.Value.Items)
		}
	}
}

// open accepts environment variables beside the values that s describes.
func open(s *jsonschema.Schema) *jsonschema.Schema {
	if len(s.Enum) == 0 && s.Pattern == "" && len(s.OneOf) == 0 {
		return s
	}
	inner := *s
	inner.Description = ""
	return &jsonschema.Schema{Description: s.Description, AnyOf: []*jsonschema.Schema{&inner, {Type: "string", Pattern: variable}}}
}

// Schema returns the JSON Schema.
func Schema() ([]byte, error) {
	s, err := File()
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// walk goes through the document of a target file beside the type that it will be decoded into. It expands environment
// variables in place, and finds unknown keys and secrets.
type walk struct {
	lookup   func(name string) (value string, set bool)
	expanded map[*yaml.Node][]Secret // the variables in each scalar that is done
	seen     map[visit]bool          // ends cycles of aliases
	secrets  []Secret
	errs     []error
}

type visit struct {
	node *yaml.Node
	t    reflect.Type
}

// place is where a value stands, and what the tag secret of its field says: "always", "environment" or nothing.
type place struct{ path, secret string }

func (p place) under(key string) place {
	if p.path != "" && !strings.HasPrefix(key, "[") {
		key = "." + key
	}
	p.path += key
	return p
}

// known returns the type without pointers, or nil if it decodes itself or anything goes.
func known(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() == reflect.Interface || reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()) {
		return nil
	}
	return t
}

// node walks a value of type t; nil means any type.
func (w *walk) node(n *yaml.Node, t reflect.Type, p place) {
	t = known(t)
	if w.seen[visit{n, t}] {
		return
	}
	w.seen[visit{n, t}] = true
	switch n.Kind {
	case yaml.AliasNode:
		w.node(n.Alias, t, p)
	case yaml.ScalarNode:
		w.scalar(n, p)
		if t != nil && n.Tag != "!!null" && slices.Contains([]reflect.Kind{reflect.Struct, reflect.Map, reflect.Slice}, t.Kind()) {
			w.bad(n, p, "want %s, found a single value", form(t))
		}
	case yaml.SequenceNode:
		w.sequence(n, t, p)
	case yaml.MappingNode:
		w.mapping(n, t, p)
	default:
	}
}

func form(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "keys with values"
	case reflect.Slice:
		return "a list"
	default:
		return "a single value"
	}
}

func (w *walk) sequence(n *yaml.Node, t reflect.Type, p place) {
	if t != nil && t.Kind() != reflect.Slice {
		w.bad(n, p, "want %s, found a list", form(t))
		t = nil
	}
	if t != nil {
		t = t.Elem()
	}
	for i, item := range n.Content {
		w.node(item, t, p.under(fmt.Sprintf("[%d]", i)))
	}
}

func (w *walk) mapping(n *yaml.Node, t reflect.Type, p place) {
	if t != nil && t.Kind() != reflect.Struct && t.Kind() != reflect.Map {
		w.bad(n, p, "want %s, found keys with values", form(t))
		t = nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Tag == "!!merge":
			for _, merged := range mappings(value) {
				w.node(merged, t, p)
			}
		case t == nil:
			w.node(value, nil, p.under(key.Value))
		case t.Kind() == reflect.Map:
			w.node(value, t.Elem(), p.under(key.Value))
		default:
			w.field(key, value, t, p)
		}
	}
}

// mappings returns the mappings that a merge key takes in.
func mappings(value *yaml.Node) []*yaml.Node {
	if value.Kind == yaml.SequenceNode {
		return value.Content
	}
	return []*yaml.Node{value}
}

func (w *walk) field(key, value *yaml.Node, t reflect.Type, p place) {
	all := Keys(t)
	i := slices.IndexFunc(all, func(f reflect.StructField) bool { return KeyOf(f) == key.Value })
	if i < 0 {
		w.bad(key, p, "unknown key %q, %s", key.Value, nearest(key.Value, all))
		return
	}
	in := p.under(key.Value)
	if tag := all[i].Tag.Get("secret"); tag != "" {
		in.secret = tag
	}
	w.node(value, all[i].Type, in)
}

// Keys returns the fields of a struct of the target file that are keys of it.
func Keys(t reflect.Type) []reflect.StructField {
	var out []reflect.StructField
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			out = append(out, Keys(f.Type)...)
		case name != "-" && f.IsExported():
			out = append(out, f)
		}
	}
	return out
}

// KeyOf returns the key of a field in the target file.
func KeyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "" {
		return strings.ToLower(f.Name)
	}
	return name
}

// nearest proposes the key that somebody meant.
func nearest(key string, all []reflect.StructField) string {
	var names []string
	for _, f := range all {
		names = append(names, KeyOf(f))
	}
	return meant(key, names)
}

// meant proposes the one of names that somebody meant by word.
func meant(word string, names []string) string {
	best, least := "", max(2, len(word)/3)+1
	for _, name := range names {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return "want one of " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("did you mean %q?", best)
}

func (w *walk) bad(n *yaml.Node, p place, format string, args ...any) {
	at := fmt.Sprintf("line %d: ", n.Line)
	if p.path != "" {
		at += p.path + ": "
	}
	w.errs = append(w.errs, fmt.Errorf(at+format, args...))
}

// variable matches what begins with ${, or $${.
var variable = regexp.MustCompile(`\$?\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?`)

// scalar expands a value, and notes its secrets.
func (w *walk) scalar(n *yaml.Node, p place) {
	if _, done := w.expanded[n]; !done {
		w.expanded[n] = w.expand(n, p)
	}
	switch {
	case p.secret == "always" && n.Value != "":
		w.secrets = append(w.secrets, Secret{p.path, n.Value})
	case p.secret == "environment":
		w.secrets = append(w.secrets, w.expanded[n]...)
	}
}

func (w *walk) expand(n *yaml.Node, p place) []Secret {
	var used []Secret
	text := variable.ReplaceAllStringFunc(n.Value, func(found string) string {
		if strings.HasPrefix(found, "$$") {
			return found[1:]
		}
		name := variable.FindStringSubmatch(found)[1]
		if name == "" {
			w.bad(n, p, "want ${NAME} for an environment variable, or $${ for the text ${")
			return found
		}
		value, set := w.lookup(name)
		if !set || value == "" {
			w.bad(n, p, "the environment variable %s is not set, or empty", name)
		} else {
			used = append(used, Secret{"${" + name + "}", value})
		}
		return value
	})
	if text == n.Value {
		return nil
	}
	plain := yaml.Node{Kind: yaml.ScalarNode, Value: text} // what YAML makes of such a value without quotes
	if n.Value = text; n.Style == 0 && slices.Contains([]string{"!!int", "!!float", "!!bool"}, plain.ShortTag()) {
		n.Tag = plain.ShortTag()
	}
	return used
}

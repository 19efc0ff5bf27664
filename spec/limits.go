package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limit is a number of the specification. A name that begins with "tolerance." is an allowance of the checks.
type Limit struct {
	Name    string
	Value   int64
	Unit    string
	Clauses []string
	Reason  string // of a tolerance, where not all of its clauses give one
}

// Duration returns the value of a limit in s or ms, and 0 for other units.
func (l Limit) Duration() time.Duration {
	return time.Duration(l.Value) * durations[l.Unit]
}

var durations = map[string]time.Duration{"s": time.Second, "ms": time.Millisecond}

// Amount returns the value with its unit, as people write it.
func (l Limit) Amount() string {
	return strings.TrimSuffix(fmt.Sprintf("%d %s", l.Value, l.Unit), " 1")
}

// Limit returns the limit with that name.
func (l Ledger) Limit(name string) (Limit, bool) {
	for _, limit := range l.Limits {
		if limit.Name == name {
			return limit, true
		}
	}
	return Limit{}, false
}

// List is a closed list of values. Default applies when no value is given; it may be empty.
type List struct {
	Name    string
	Values  []string
	Default string
	Clauses []string
}

// List returns the list with that name.
func (l Ledger) List(name string) (List, bool) {
	for _, list := range l.Lists {
		if list.Name == name {
			return list, true
		}
	}
	return List{}, false
}

func (v *validator) limits() {
	unique(v, "limit", v.Limits, func(l Limit) string { return l.Name })
	for _, l := range v.Limits {
		where := "limit " + l.Name
		word(v, where, "unit", l.Unit, units)
		v.references(where, l.Clauses)
		if l.Value <= 0 {
			v.failf("%s: value is %d, want more than 0", where, l.Value)
		}
		if strings.HasPrefix(l.Name, "tolerance.") && l.Reason == "" && slices.ContainsFunc(l.Clauses, v.strict) {
			v.failf("%s: reason is missing", where)
		}
	}
	unique(v, "list", v.Lists, func(l List) string { return l.Name })
	for _, l := range v.Lists {
		where := "list " + l.Name
		v.references(where, l.Clauses)
		unique(v, "value of "+where, l.Values, func(s string) string { return s })
		if len(l.Values) == 0 {
			v.failf("%s: values are missing", where)
		}
		if l.Default != "" {
			word(v, where, "default", l.Default, l.Values)
		}
	}
}

// strict reports whether a clause gives no reason for a tolerance.
func (v *validator) strict(id string) bool {
	c, _ := v.Clause(id)
	return c.Tolerance == nil
}

package spec

import (
	"slices"
	"time"
)

// Profile is a selection of clauses for a purpose. Either Clauses lists them, or all clauses belong to it that have one of the
// Levels, need only Capabilities, none of Without, and no longer Wait. What is empty limits nothing.
type Profile struct {
	Name, Text   string
	Clauses      []string
	Levels       []Level
	Capabilities []Capability
	Without      []Capability
	Wait         time.Duration
}

// Holds reports whether the clause belongs to the profile.
func (p Profile) Holds(c Clause) bool {
	if len(p.Clauses) > 0 {
		return slices.Contains(p.Clauses, c.ID)
	}
	for _, need := range c.Capability {
		if slices.Contains(p.Without, need) || len(p.Capabilities) > 0 && !slices.Contains(p.Capabilities, need) {
			return false
		}
	}
	return (len(p.Levels) == 0 || slices.Contains(p.Levels, c.Level)) && (p.Wait == 0 || c.Wait <= p.Wait)
}

// Profile returns the profile with that name.
func (l Ledger) Profile(name string) (Profile, bool) {
	i := slices.IndexFunc(l.Profiles, func(p Profile) bool { return p.Name == name })
	if i < 0 {
		return Profile{}, false
	}
	return l.Profiles[i], true
}

func (v *validator) profiles() {
	unique(v, "profile", v.Profiles, func(p Profile) string { return p.Name })
	for i, p := range v.Profiles {
		where := "profile " + p.Name
		if p.Text == "" {
			v.failf("%s: text is missing", where)
		}
		if len(p.Clauses) > 0 {
			v.references(where, p.Clauses)
		}
		for _, l := range p.Levels {
			word(v, where, "level", l, levels)
		}
		for _, name := range slices.Concat(p.Capabilities, p.Without) {
			if _, ok := v.Capabilities[name]; !ok {
				v.failf("%s: unknown capability %q", where, name)
			}
		}
		for _, c := range v.Ledger.Clauses {
			if i > 0 && v.Profiles[i-1].Holds(c) && !p.Holds(c) {
				v.failf("%s: %s is in %s, and not here", where, c.ID, v.Profiles[i-1].Name)
			}
		}
	}
}

package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Roles are the roles of applications in a target file; package role says what each is for.
var Roles = []string{"default", "foreign", "cloud", "azure", "unreachable", "encryption", "h264", "vp9"}

// Lacking returns what the application of a role, or of "credentials", must have and has not, as the keys of the target file.
// Has says which keys are given.
func (f File) Lacking(role string, has func(key string) bool) []string {
	unified, legacy := f.Has(Unified), f.Has(Legacy)
	if f.Has(Control) { // it makes the applications
		unified, legacy = false, false
	}
	if unified && role != "credentials" && role != "default" && role != "foreign" {
		legacy = false // scenarios log in by either identity, these two by both
	}
	var out []string
	for _, pair := range []struct {
		needed      bool
		key, secret string
	}{{unified, "applicationId", "privateKeyFile"}, {legacy, "apiKey", "apiSecret"}} {
		for _, key := range []string{pair.key, pair.secret} {
			if !has(key) && (pair.needed || key == pair.key && has(pair.secret)) {
				out = append(out, key)
			}
		}
	}
	return out
}

// given reports whether a key of c has a value.
func (c Credentials) given(key string) bool {
	return map[string]string{"applicationId": c.ApplicationID, "privateKeyFile": c.PrivateKeyFile, "apiKey": string(c.APIKey), "apiSecret": c.APISecret}[key] != ""
}

// validateApplications finds applications in unknown roles and those that are only half described. What a file describes is not
// known here.
func (f File) validateApplications() (errs []error) {
	check := func(member, role string, c Credentials) {
		inline := c.ApplicationID + c.PrivateKeyFile + string(c.APIKey) + c.APISecret
		switch {
		case c.File != "" && inline != "":
			errs = append(errs, fmt.Errorf("%s.file: it is in place of applicationId, privateKeyFile, apiKey and apiSecret; want either", member))
		case c.File == "":
			for _, key := range f.Lacking(role, c.given) {
				errs = append(errs, fmt.Errorf("%s.%s: missing; %s needs it", member, key, f.because(key)))
			}
		}
		if c.URL != "" {
			errs = append(errs, fmt.Errorf("%s.url: unknown here; the URL stands at the top of the file", member))
		}
	}
	if f.URL != "" && f.Credentials != nil {
		if _, other := f.Applications["default"]; !other {
			check("credentials", "credentials", *f.Credentials)
		}
		if f.Has(Control) && f.Credentials.ControlToken == "" {
			errs = append(errs, fmt.Errorf("credentials.controlToken: missing; the capability control needs it"))
		}
	}
	for _, role := range slices.Sorted(maps.Keys(f.Applications)) {
		c := f.Applications[role]
		switch {
		case !slices.Contains(Roles, role):
			errs = append(errs, fmt.Errorf("applications.%s: unknown role, want one of %s", role, strings.Join(Roles, ", ")))
		case c == Credentials{}:
			errs = append(errs, fmt.Errorf("applications.%s: want an applicationId, an apiKey or a file", role))
		default:
			check("applications."+role, role, c)
		}
	}
	return errs
}

// because says why a key must be given: for a capability, or for the other half of the pair.
func (f File) because(key string) string {
	switch {
	case (key == "applicationId" || key == "privateKeyFile") && f.Has(Unified):
		return "the capability unified"
	case key == "applicationId":
		return "privateKeyFile"
	case f.Has(Legacy):
		return "the capability legacy"
	}
	return "apiSecret"
}

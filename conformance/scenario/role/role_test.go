package role

import (
	"maps"
	"slices"
	"testing"

	"reelcheck/conformance/target/config"
)

func file(prepared []string, capabilities ...config.Capability) config.File {
	f := config.File{Capabilities: capabilities, Applications: map[string]config.Credentials{}, Time: config.Real}
	for _, role := range prepared {
		f.Applications[role] = config.Credentials{ApplicationID: "app-" + role}
	}
	return f
}

// TestRolesOfTheTargetFile: a target file may prepare every application that somebody can prepare, and no other.
func TestRolesOfTheTargetFile(t *testing.T) {
	want := slices.Sorted(maps.Keys(Prepares))
	if got := slices.Sorted(slices.Values(config.Roles)); !slices.Equal(got, slices.Sorted(slices.Values(append(want, Default)))) {
		t.Errorf("target files take %v", got)
	}
}

// TestRoles: who serves in a role that is not prepared, and where the archives of a role go.
func TestRoles(t *testing.T) {
	for name, c := range map[string]struct {
		f        config.File
		role     string
		as       string // "" for nobody
		uploadTo string
	}{
		"default":                       {file(nil, config.S3), Default, Default, "s3"},
		"default without target":        {file(nil, config.Cloud), Default, Default, ""},
		"cloud":                         {file([]string{InCloud}, config.S3, config.Cloud), InCloud, InCloud, ""},
		"cloud, default uploads":        {file(nil, config.S3, config.Cloud), InCloud, "", ""},
		"cloud, default uploads Azure":  {file(nil, config.Azure, config.Cloud), InCloud, "", ""},
		"cloud is the default":          {file(nil, config.Cloud), InCloud, Default, ""},
		"Azure is the default":          {file(nil, config.Azure), InAzure, Default, "azure"},
		"Azure beside S3":               {file(nil, config.Azure, config.S3), InAzure, "", "azure"},
		"foreign":                       {file([]string{Foreign}), Foreign, Foreign, ""},
		"no foreign":                    {file(nil, config.Cloud), Foreign, "", ""},
		"no unreachable":                {file(nil, config.S3), Unreachable, "", "s3"},
		"no certificate on the default": {file(nil, config.S3, config.Encryption), Sealed, "", "s3"},
	} {
		as, ok := ServesAs(c.f, c.role)
		if ok != (c.as != "") || ok && as != c.as || UploadsTo(c.f, c.role) != c.uploadTo {
			t.Errorf("%s: served by %q, %v, uploads to %q", name, as, ok, UploadsTo(c.f, c.role))
		}
	}
	own := config.Credentials{ApplicationID: "own"}
	if got, err := Credentials(file(nil, config.Cloud), own, InCloud); err != nil || got.ApplicationID != "own" {
		t.Errorf("credentials of the target itself: %+v, %v", got, err)
	}
	if got, err := Credentials(file([]string{Default}, config.Cloud), own, InCloud); err != nil || got.ApplicationID != "app-default" {
		t.Errorf("credentials of the prepared default: %+v, %v", got, err)
	}
	if _, err := Credentials(file(nil), own, Foreign); err == nil {
		t.Error("an application that nobody prepared")
	}
	for role := range Prepares {
		if _, err := Credentials(file(nil), config.Credentials{}, role); err == nil && role != InCloud && role != InAzure {
			t.Errorf("role %s is served by nobody's application", role)
		}
	}
}

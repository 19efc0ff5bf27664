package built

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	revision, at := setting("vcs.revision", "9e51bc00d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6"), setting("vcs.time", "2026-11-30T22:55:48Z")
	for want, info := range map[string]debug.BuildInfo{
		"dev":                                  {Main: debug.Module{Version: "(devel)"}},
		"v1.2.3":                               {Main: debug.Module{Version: "v1.2.3"}},
		"9e51bc00d1e2 of 2026-11-30T22:55:48Z": {Settings: []debug.BuildSetting{revision, at, setting("vcs.modified", "false")}},
		"9e51bc00d1e2 of 2026-11-30T22:55:48Z, dirty": {Settings: []debug.BuildSetting{revision, at, setting("vcs.modified", "true")}},
	} {
		if got := version(info); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := version(debug.BuildInfo{}); got != "dev" {
		t.Errorf("%q of nothing", got)
	}
}

package scenario

import (
	"testing"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/role"
	"reelcheck/conformance/target/config"
)

func file(prepared []string, capabilities ...config.Capability) config.File {
	f := config.File{Capabilities: capabilities, Applications: map[string]config.Credentials{}, Time: config.Real}
	for _, name := range prepared {
		f.Applications[name] = config.Credentials{ApplicationID: "app-" + name}
	}
	return f
}

// TestWhatScenariosLack: the step of a scenario that cannot run names what is missing.
func TestWhatScenariosLack(t *testing.T) {
	files, foreign := Scenario{Files: true}, Scenario{Beside: []string{role.Foreign}}
	for name, c := range map[string]struct {
		s    Scenario
		f    config.File
		need string // "" for nothing
	}{
		"a capability":           {Scenario{Needs: []config.Capability{config.VP8, config.VP9}}, file(nil, config.VP8), "vp9"},
		"files from a bucket":    {files, file(nil, config.S3), ""},
		"files by links":         {files, file(nil, config.Cloud), ""},
		"files from nowhere":     {files, file(nil), "cloud"},
		"a second application":   {foreign, file(nil), "application foreign"},
		"one that is prepared":   {foreign, file([]string{role.Foreign}), ""},
		"one that is made":       {foreign, config.File{Capabilities: []config.Capability{config.Control}, Time: config.Virtual}, ""},
		"its own application":    {Scenario{App: App{Name: role.PrefersVP9}}, file(nil), "application vp9"},
		"a store that passes by": {Scenario{Refuses: true}, config.File{Sinks: config.Sinks{S3: config.S3Sink{Driver: "own"}}}, "store"},
		"a store of the suite":   {Scenario{Refuses: true}, file(nil), ""},
		"faults that are armed":  {Scenario{Needs: []config.Capability{config.Faults}}, file(nil), "faults"},
	} {
		step, unmet := c.s.Unmet(c.f)
		if unmet != (c.need != "") || step.BlockedBy != c.need || unmet && (step.Outcome != evidence.Unmet || step.Text == "") {
			t.Errorf("%s: %+v, %v", name, step, unmet)
		}
	}
	if step, _ := (Scenario{Virtual: true}).Unmet(file(nil)); step.Outcome != evidence.Unwaited {
		t.Errorf("a clock that is moved: %+v", step)
	}
}

// TestTurns: on a prepared application a scenario that is disturbed by others runs alone and last. With the control API each has its
// own, and none waits.
func TestTurns(t *testing.T) {
	e := bare(t, 6)
	list := []Scenario{{Name: "alone", Alone: true}, {Name: "pictures", Media: 2}, {Name: "calls"}}
	order := func() (names []string, weights []int) {
		for _, s := range Ordered(e.Target.File, list) {
			names, weights = append(names, s.Name), append(weights, Weight(e.Target.File, s, 6))
		}
		return names, weights
	}
	e.Target.File.Capabilities = nil
	if names, weights := order(); names[2] != "alone" || weights[2] != 6 || weights[0] != 0 || weights[1] != 2 {
		t.Errorf("prepared: %v %v", names, weights)
	}
	e.Target.File.Capabilities = []config.Capability{config.Control}
	if names, weights := order(); names[2] != "pictures" || weights[0] != 0 || weights[2] != 2 {
		t.Errorf("made: %v %v", names, weights)
	}
}

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// readYAML decodes a file of the repository.
func readYAML(t *testing.T, name string, into any) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../..", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(text)
}

const actionDir = ".github/actions/conform/"

// TestActionFitsTheCommand checks that each input of the action is a flag of conform run, and reaches it.
func TestActionFitsTheCommand(t *testing.T) {
	var action struct {
		Inputs  map[string]struct{ Description string }
		Outputs map[string]struct{ Value string }
		Runs    struct {
			Using string
			Steps []struct {
				ID, Shell, Run, Uses string
				Env                  map[string]string
			}
		}
	}
	readYAML(t, actionDir+"action.yml", &action)
	judge, err := os.ReadFile(filepath.Join("../../..", actionDir+"judge"))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for _, step := range action.Runs.Steps {
		if step.ID == "judge" {
			env = step.Env
		}
		if strings.Contains(step.Run, "${{") || (step.Run != "") != (step.Shell != "") || (step.Run != "") == (step.Uses != "") {
			t.Errorf("step %+v: want a shell with each script, and no input inside of one", step)
		}
	}
	run := runCommand(new(int))
	for name, input := range action.Inputs {
		if input.Description == "" {
			t.Errorf("input %s has no description", name)
		}
		if name == "artifact" {
			continue
		}
		if want := "${{ inputs." + name + " }}"; env["INPUT_"+strings.ToUpper(name)] != want {
			t.Errorf("input %s does not reach the script", name)
		}
		if name != "arguments" && run.Flags().Lookup(name) == nil {
			t.Errorf("input %s is no flag of conform run", name)
		}
		if !strings.Contains(string(judge), name) && !strings.Contains(string(judge), "INPUT_"+strings.ToUpper(name)) {
			t.Errorf("the script does not use input %s", name)
		}
	}
	for name, output := range action.Outputs {
		if output.Value != "${{ steps.judge.outputs."+name+" }}" || !strings.Contains(string(judge), name+"=") {
			t.Errorf("output %s: %q", name, output.Value)
		}
	}
}

// TestJudge runs the script of the action with another program in the place of conform.
func TestJudge(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	dir := t.TempDir()
	fake := filepath.Join(dir, "conform")
	script := "#!" + bash + "\nprintf '%s\\n' \"$@\" >args\nmkdir -p report\necho '## Not conformant' >report/summary.md\necho 'conform: 1 passed, 2 failed'\nexit 1\n"
	if err := os.WriteFile(fake, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(filepath.Join("../../..", actionDir, "judge"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), path)
	c.Dir = dir
	c.Env = append(os.Environ(), "CONFORM="+fake, "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "page"), "GITHUB_OUTPUT="+filepath.Join(dir, "outputs"),
		"INPUT_TARGET=my target.yaml", "INPUT_PROFILE=core", "INPUT_SKIP=ARC-SES-*", "INPUT_CHAPTER=$(touch injected)", "INPUT_STRICT=true", "INPUT_ARGUMENTS=--clause ARC-CB-*", "INPUT_OUT=report")
	out, err := c.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != 1 {
		t.Fatalf("%v, want exit 1: %s", err, out)
	}
	for name, want := range map[string]string{
		"args":    "run\n--annotate\n--target=my target.yaml\n--out=report\n--profile=core\n--chapter=$(touch injected)\n--skip=ARC-SES-*\n--strict\n--clause\nARC-CB-*\n",
		"page":    "## Not conformant\n",
		"outputs": "exit-code=1\nresult=conform: 1 passed, 2 failed\n",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "injected")); err == nil {
		t.Error("an input became a command")
	}
}

// TestGitLabTemplateFitsTheCommand checks that each variable of the template is a flag of conform run, and used.
func TestGitLabTemplateFitsTheCommand(t *testing.T) {
	var template map[string]struct {
		Variables map[string]string
		Script    []string
		Artifacts struct {
			When    string
			Reports struct{ Junit string }
		}
	}
	readYAML(t, ".gitlab/conform.yml", &template)
	job := template[".conform"]
	run := runCommand(new(int))
	script := strings.Join(job.Script, "\n")
	for name := range job.Variables {
		flag := strings.ToLower(strings.TrimPrefix(name, "CONFORM_"))
		if slices.Contains([]string{"image", "arguments"}, flag) {
			continue
		}
		if run.Flags().Lookup(flag) == nil || !strings.Contains(script, "--"+flag+`="$`+name+`"`) {
			t.Errorf("%s is no flag of conform run, or the script does not use it", name)
		}
	}
	if len(job.Variables) < 5 || job.Artifacts.When != "always" || job.Artifacts.Reports.Junit != "$CONFORM_OUT/junit.xml" {
		t.Errorf("%+v", job)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("sh is not installed")
	}
	if out, err := exec.CommandContext(t.Context(), sh, "-n", "-c", script).CombinedOutput(); err != nil {
		t.Errorf("the script does not parse: %v: %s", err, out)
	}
}

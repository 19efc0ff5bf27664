package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"reelcheck/conformance/mutants/seeded"
	"reelcheck/conformance/report"
	"reelcheck/conformance/verdict"
)

// suite runs conform against the server with faults. conform is started in a folder in which bin/archived is that
// server, since the target file launches it by this path; the server inherits FAULTS from it.
type suite struct {
	folder, conform, target string
	patience                time.Duration // for one run: a fault may make it wait for what never comes
	log                     io.Writer
	runs                    int
}

// build makes the programs: the server with all faults, the children that it needs beside it, and conform.
func build(ctx context.Context, root string, o options, faults []seeded.Fault) (*suite, error) {
	out, err := filepath.Abs(o.out)
	if err != nil {
		return nil, err
	}
	s := &suite{folder: out, patience: o.patience}
	if s.target, err = filepath.Abs(o.target); err != nil {
		return nil, err
	}
	overlay := filepath.Join(out, "overlay")
	if err := errors.Join(os.RemoveAll(overlay), os.MkdirAll(overlay, 0o755)); err != nil {
		return nil, err
	}
	file, _, err := seeded.Overlay(root, overlay, faults)
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(out, "bin") + string(filepath.Separator)
	err = command(ctx, root, "go", "build", "-overlay", file, "-o", bin, "./reference/cmd/archived", "./reference/cmd/archived-decoder", "./reference/cmd/archived-encoder")
	if s.conform = o.conform; s.conform == "" && err == nil {
		s.conform = bin + "conform"
		err = command(ctx, root, "go", "build", "-o", bin, "./conformance/cmd/conform")
	}
	return s, err
}

func command(ctx context.Context, dir string, argv ...string) error {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Dir = dir
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, text)
	}
	return nil
}

// judge implements [seeded.Hunt]. It keeps the report.json of the run.
func (s *suite) judge(ctx context.Context, faults []seeded.Fault, clauses []string) (seeded.Failed, error) {
	s.runs++
	began := time.Now()
	out := filepath.Join(s.folder, "run")
	argv := []string{"run", "--target", s.target, "--out", out}
	for _, id := range clauses {
		argv = append(argv, "--clause", id)
	}
	within, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	c := exec.CommandContext(within, s.conform, argv...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = time.Minute
	c.Dir = s.folder
	c.Env = append(os.Environ(), "FAULTS="+seeded.Names(faults))
	told, err := c.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) || ctx.Err() != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	switch code := c.ProcessState.ExitCode(); code {
	case verdict.ExitConformant, verdict.ExitNonConformant, verdict.ExitInconclusive:
	default:
		return nil, fmt.Errorf("conform ended with %d: %s", code, last(told))
	}
	r, err := s.read(out)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(s.log, "run %d, %.0f s: faults [%s]: %s\n", s.runs, time.Since(began).Seconds(), seeded.Names(faults), r.Counts)
	return failed(r), nil
}

// read reads the report of the run that has ended, and keeps it.
func (s *suite) read(out string) (*report.Report, error) {
	kept := filepath.Join(s.folder, fmt.Sprintf("run-%d.json", s.runs))
	if err := os.Rename(filepath.Join(out, report.Files.JSON), kept); err != nil {
		return nil, err
	}
	f, err := os.Open(kept)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report.Read(f)
}

// failed returns the clauses that failed by themselves. One that could not be shown, because the target did something
// else wrong before, tells nothing about a fault in it.
func failed(r *report.Report) seeded.Failed {
	out := seeded.Failed{}
	for _, cl := range r.Clauses {
		for _, f := range cl.Findings {
			if cl.Outcome == verdict.Fail && f.Blocked == "" && out[cl.ID] == "" {
				found := fmt.Sprintf("expected %s, actual %s", f.Expected, f.Actual)
				out[cl.ID] = strings.Join(strings.Fields(found), " ") // on one line
			}
		}
	}
	return out
}

func last(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

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
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/trial"
)

// suite runs conform against the server with faults. conform is started in a folder in which bin/archived is that
// server, since the target file launches it by this path; the server inherits FAULTS from it.
type suite struct {
	trial.Suite
	log  io.Writer
	runs int
}

// build makes the programs: the server with all faults, the children that it needs beside it, and conform.
func build(ctx context.Context, root string, o options, faults []seeded.Fault) (*suite, error) {
	out, err := filepath.Abs(o.out)
	if err != nil {
		return nil, err
	}
	s := &suite{Suite: trial.Suite{Folder: out, Patience: o.patience}}
	if s.Target, err = filepath.Abs(o.target); err != nil {
		return nil, err
	}
	overlay := filepath.Join(out, "_overlay") // the go command leaves such folders out of ./...
	if err := errors.Join(os.RemoveAll(overlay), os.MkdirAll(overlay, 0o755)); err != nil {
		return nil, err
	}
	file, _, err := seeded.Overlay(root, overlay, faults)
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(out, "bin") + string(filepath.Separator)
	err = command(ctx, root, "go", "build", "-overlay", file, "-o", bin, "./reference/cmd/archived", "./reference/cmd/archived-decoder", "./reference/cmd/archived-encoder")
	if s.Conform = o.conform; s.Conform == "" && err == nil {
		s.Conform = bin + "conform"
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
	out := filepath.Join(s.Folder, "run")
	r, err := s.Run(ctx, out, clauses, "FAULTS="+seeded.Names(faults))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(s.log, "run %d, %.0f s: faults [%s]: %s\n", s.runs, time.Since(began).Seconds(), seeded.Names(faults), r.Counts)
	return trial.Failed(r), os.Rename(filepath.Join(out, folder.JSON), filepath.Join(s.Folder, fmt.Sprintf("run-%d.json", s.runs)))
}

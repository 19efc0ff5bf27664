// Package site makes a static web page of the reports of several implementations. The reports are not trusted: every page is made
// anew from report.json, nothing is copied.
package site

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/folder"
)

// Entry is the report of one implementation.
type Entry struct {
	Name   string
	Report *report.Report
}

// index is the first page. marker is a file by which a site is known, so that only a site is replaced.
const (
	index  = "index.html"
	marker = ".conform-site"
)

//go:embed page.tmpl
var pageText string

var page = template.Must(template.New("site").Funcs(template.FuncMap{"day": day}).Parse(pageText))

// Write makes the site in dir, in place of an earlier one. It refuses a folder that holds anything else.
func Write(dir string, entries []Entry) error {
	if err := clear(dir); err != nil {
		return err
	}
	if err := folder.File(filepath.Join(dir, marker), func(io.Writer) error { return nil }); err != nil {
		return err
	}
	v := view{}
	for i, e := range entries {
		sub := fmt.Sprintf("%02d-%s", i+1, slug(e.Name))
		if err := folder.Write(filepath.Join(dir, sub), e.Report); err != nil {
			return fmt.Errorf("site: %s: %w", e.Name, err)
		}
		v.Columns = append(v.Columns, column{Entry: e, Folder: sub})
	}
	v.fill()
	return folder.File(filepath.Join(dir, index), func(w io.Writer) error { return page.Execute(w, v) })
}

// clear makes dir an empty folder.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s holds %q and is no site of conform; choose another folder", dir, entries[0].Name())
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// view is what the page shows: a column for each implementation, a row for each chapter.
type view struct {
	Columns []column
	Rows    []row
}

type column struct {
	Entry
	Folder string
}

type row struct {
	Chapter string
	Cells   []cell
}

// cell is the score of an implementation in a chapter.
type cell struct {
	report.Score
	Class string // none, pass, part or fail
}

func (v *view) fill() {
	at := map[string]int{}
	for i, c := range v.Columns {
		for _, s := range c.Report.Scores() {
			n, ok := at[s.Chapter]
			if !ok {
				n = len(v.Rows)
				at[s.Chapter] = n
				v.Rows = append(v.Rows, row{s.Chapter, make([]cell, len(v.Columns))})
			}
			v.Rows[n].Cells[i].Score = s
		}
	}
	for _, r := range v.Rows {
		for i := range r.Cells {
			r.Cells[i].Class = r.Cells[i].class()
		}
	}
}

func (c cell) class() string {
	switch {
	case c.Judged() == 0 && c.Inconclusive == 0:
		return "none"
	case c.Failed > 0:
		return "fail"
	case c.Inconclusive > 0:
		return "part"
	}
	return "pass"
}

func day(r *report.Report) string { return r.Run.FinishedAt.UTC().Format("2006-01-02") }

// slug returns a part of s that is safe in a path and a URL.
func slug(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
	for strings.Contains(s, "--") {
		s = strings.ReplaceAll(s, "--", "-")
	}
	s = strings.Trim(s, "-")
	if s == "" {
		return "report"
	}
	return s[:min(len(s), 40)]
}

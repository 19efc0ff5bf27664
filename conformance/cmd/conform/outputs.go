package main

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/report"
	"reelcheck/conformance/report/folder"
	"reelcheck/conformance/report/signed"
	"reelcheck/conformance/report/summary"
)

// outputs says what is made of a report beside its folder.
type outputs struct {
	annotate bool
	sign     string // file of the key
	key      ed25519.PrivateKey
}

func (o *outputs) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.sign, "sign", "", "sign all files of the report folder, and with them the evidence that lies there, with this Ed25519 key (PEM); see conform verify")
	cmd.Flags().BoolVar(&o.annotate, "annotate", os.Getenv("GITHUB_ACTIONS") == "true", "print annotations for GitHub; the default is true there")
}

// read reads the key, so that a run does not end with a missing one.
func (o *outputs) read() (err error) {
	if o.sign != "" {
		if o.key, err = signed.ReadPrivateKey(o.sign); err != nil {
			return fmt.Errorf("--sign: %w", err)
		}
	}
	return nil
}

// write writes the report folder, signs it, and prints the annotations.
func (o *outputs) write(w io.Writer, dir string, r *report.Report) error {
	if err := folder.Write(dir, r); err != nil {
		return err
	}
	if o.key != nil {
		if err := signed.Sign(dir, o.key); err != nil {
			return err
		}
	}
	if o.annotate {
		return summary.Annotations(w, r)
	}
	return nil
}

// unjudged writes what CI shows of a run that could judge nothing.
func (o *outputs) unjudged(w io.Writer, dir, why string, at time.Time) error {
	if o.annotate {
		summary.UnjudgedAnnotation(w, why)
	}
	return folder.Unjudged(dir, why, at)
}

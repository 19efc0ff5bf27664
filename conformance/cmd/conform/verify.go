package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reelcheck/conformance/report/signed"
	"reelcheck/conformance/text"
	"reelcheck/conformance/verdict"
)

func verifyCommand(code *int) *cobra.Command {
	var keyFile string
	cmd := &cobra.Command{
		Use:   "verify DIR",
		Short: "Tell whether a signed report and its evidence are as they were signed",
		Long: `verify compares a report folder with the manifest that "conform run --sign" wrote, and checks
its signature. Name the signer's public key by --key: without it verify uses the key that
the manifest names, which whoever changes a report can replace too.

Exit codes: 0 as signed, 1 not signed, or not as signed, 2 the folder or key cannot be read.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var key ed25519.PublicKey
			if keyFile != "" {
				var err error
				if key, err = signed.ReadPublicKey(keyFile); err != nil {
					return fmt.Errorf("--key: %w", err)
				}
			}
			w := cmd.OutOrStdout()
			result, err := signed.Verify(args[0], key)
			var bad *signed.SignatureError
			if errors.As(err, &bad) {
				*code = verdict.ExitNonConformant
				fmt.Fprintln(w, "verify:", text.Line(bad.Error()))
				return nil
			}
			if err != nil {
				return err
			}
			if !result.Intact() {
				*code = verdict.ExitNonConformant
			}
			verified(w, result, key != nil)
			return nil
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "public key of the signer (PEM)")
	return cmd
}

// verified prints what has changed since the folder was signed, who signed it, and a last line.
func verified(w io.Writer, r signed.Result, known bool) {
	for _, list := range []struct {
		what  string
		paths []string
	}{{"changed", r.Changed}, {"missing", r.Missing}, {"unsigned", r.Unsigned}} {
		for _, path := range list.paths {
			fmt.Fprintf(w, "%-8s  %s\n", list.what, text.Line(path))
		}
	}
	fmt.Fprintf(w, "signed by the key %s\n", signed.Fingerprint(r.Key))
	if !known {
		fmt.Fprintln(w, "whose key it is, nobody said: name the signer's by --key")
	}
	if r.Intact() {
		fmt.Fprintf(w, "verify: %d files are as signed\n", r.Files)
		return
	}
	fmt.Fprintf(w, "verify: %d changed, %d missing, %d unsigned\n", len(r.Changed), len(r.Missing), len(r.Unsigned))
}

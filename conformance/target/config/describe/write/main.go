// Command write writes the files of package describe. It runs in the folder of that package.
package main

import (
	"errors"
	"fmt"
	"os"

	"reelcheck/conformance/target/config/describe"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func run() error {
	schema, err := describe.Schema()
	if err != nil {
		return err
	}
	page, err := describe.Page()
	return errors.Join(err, os.WriteFile(describe.SchemaFile, schema, 0o644), os.WriteFile(describe.PageFile, page, 0o644))
}

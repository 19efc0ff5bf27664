package draft

import (
	"fmt"
	"io"
)

// Advise prints what to set in the console of the server, and what to do next with the file.
func (a *Answers) Advise(w io.Writer, file string) {
	fmt.Fprintf(w, "\nWrote %s.\n\nSet in the console of the server, for the application:\n", file)
	if a.CallbackURL != "" {
		fmt.Fprintf(w, "  archive status callback  %s (any path works; the suite listens at %s)\n", a.CallbackURL, a.CallbackListen)
	} else {
		fmt.Fprintln(w, "  archive status callback  none: callbacks are not judged (--callback-listen and --callback-url add them)")
	}
	switch a.Files {
	case FilesInBucket:
		fmt.Fprintf(w, "  archive storage          S3, bucket %s at %s, region %s, access key %s\n", a.Bucket, a.Endpoint, a.Region, a.AccessKey)
	case FilesAtSuite:
		fmt.Fprintf(w, "  archive storage          S3, bucket %s at %s, region %s, access key %s, secret key as in $%s\n", a.Bucket, a.StoreURL, a.Region, a.AccessKey, a.SecretKey)
	default:
		fmt.Fprintln(w, "  archive storage          none: archives stay in the built-in cloud")
	}
	if private(a.CallbackURL) || private(a.StoreURL) {
		fmt.Fprintln(w, "\nThese are private addresses, which many servers refuse to call: archived wants --allow-private-addresses. doctor tells whether they are called.")
	}
	if a.Events == "no" {
		fmt.Fprintln(w, "\nThe file does not declare events, so that what clients are told is not judged. If the server has them, add events to the capabilities (--events yes).")
	}
	fmt.Fprintln(w, "\nThen:")
	for _, v := range a.Unset() {
		fmt.Fprintf(w, "  export %s=…\n", v)
	}
	fmt.Fprintf(w, "  conform doctor --target %s\n  conform run --target %s\n", file, file)
}

// Package role says which of the applications in a target file serves a scenario. A target without the control API has its
// applications prepared by hand, one for each role:
//
//	cred, err := role.Credentials(file, own, role.Foreign)
//
// It is pure.
package role

import (
	"fmt"

	"reelcheck/conformance/target/config"
)

const (
	Default     = "default"
	Foreign     = "foreign"     // another customer's, on the same server
	InCloud     = "cloud"       // without an upload target
	InAzure     = "azure"       // uploads to the suite's Azure account
	Unreachable = "unreachable" // uploads to an address where nobody listens, without fallback
	Sealed      = "encryption"  // uploads to the suite's S3 store; the suite sets and removes its certificate
	PrefersH264 = "h264"        // prefers H.264
	PrefersVP9  = "vp9"         // prefers VP9
)

// Prepares says, for each role, what a person would prepare.
var Prepares = map[string]string{
	Foreign:     "a second application on the same server",
	InCloud:     "an application without an upload target",
	InAzure:     "an application that uploads to the container in sinks.azure",
	Unreachable: "an application that uploads to an address where nobody listens, without fallback",
	Sealed:      "an application that uploads to the bucket in sinks.s3, for the suite to set a certificate",
	PrefersH264: "an application that prefers H.264",
	PrefersVP9:  "an application that prefers VP9",
}

// UploadsTo returns the kind of upload target that the prepared application of a role has: s3, azure, or "" for the built-in
// cloud.
func UploadsTo(f config.File, role string) string {
	switch {
	case role == InCloud:
		return ""
	case role == Unreachable:
		return "s3"
	case f.Has(config.S3) && role != InAzure:
		return "s3"
	case f.Has(config.Azure):
		return "azure"
	}
	return ""
}

// ServesAs returns the role of the application in the target file that serves in a role. The default one serves as cloud or azure if
// that is where its archives go. ok is false if none does.
func ServesAs(f config.File, role string) (as string, ok bool) {
	if _, prepared := f.Applications[role]; prepared || role == Default {
		return role, true
	}
	same := UploadsTo(f, role) == UploadsTo(f, Default)
	return Default, same && (role == InCloud || role == InAzure)
}

// Credentials returns the credentials of the application that serves in a role. own are the credentials of the target itself.
func Credentials(f config.File, own config.Credentials, role string) (config.Credentials, error) {
	as, ok := ServesAs(f, role)
	if !ok {
		return own, fmt.Errorf("the target file prepares no application %q and the target has no control API", role)
	}
	if cred, listed := f.Applications[as]; listed {
		return cred, nil
	}
	return own, nil
}

package config

import "slices"

// Capability is something a target declares it can do. A clause that needs an undeclared one is not applicable.
type Capability string

// The vocabulary of capabilities, that of the ledger; anything else in a target file is an error.
const (
	Control      Capability = "control"
	Callback     Capability = "callback"
	Events       Capability = "events"
	S3           Capability = "s3"
	Azure        Capability = "azure"
	Cloud        Capability = "cloud"
	Fallback     Capability = "fallback"
	Email        Capability = "email"
	Unified      Capability = "unified"
	Legacy       Capability = "legacy"
	Individual   Capability = "individual"
	Auto         Capability = "auto"
	Manual       Capability = "manual-streams"
	Simultaneous Capability = "simultaneous"
	Layout       Capability = "layout"
	Bitrate      Capability = "bitrate"
	QP           Capability = "qp"
	FHD          Capability = "fhd"
	Rotation     Capability = "rotation"
	Faults       Capability = "faults"
	Encryption   Capability = "encryption"
	SSE          Capability = "sse"
	Signing      Capability = "signing"
	Monitoring   Capability = "monitoring"
	VP8          Capability = "vp8"
	VP9          Capability = "vp9"
	H264         Capability = "h264"
)

// Capabilities lists the whole vocabulary.
var Capabilities = []Capability{
	Control, Callback, Events, S3, Azure, Cloud, Fallback, Email, Unified, Legacy, Individual, Auto, Manual,
	Simultaneous, Layout, Bitrate, QP, FHD, Rotation, Faults, Encryption, SSE, Signing, Monitoring, VP8, VP9, H264,
}

// Has reports whether the target declares all of need.
func (f File) Has(need ...Capability) bool {
	return f.Missing(need...) == ""
}

// Missing is the first of need that is not declared, or "".
func (f File) Missing(need ...Capability) Capability {
	for _, c := range need {
		if !slices.Contains(f.Capabilities, c) {
			return c
		}
	}
	return ""
}

// Package unrecorded names the reasons why media that arrived is not recorded. The package that drops
// a packet counts it once, under one reason.
package unrecorded

// Reason is the reason why media that arrived is not recorded.
type Reason string

// All reasons.
const (
	Unnegotiated Reason = "unnegotiated"
	Superseded   Reason = "superseded"
	Streams      Reason = "streams"
	Codecs       Reason = "codecs"
	Layer        Reason = "layer"
	Unreadable   Reason = "unreadable"
	Malformed    Reason = "malformed"
	Late         Reason = "late"
	Incomplete   Reason = "incomplete"
	KeyFrames    Reason = "keyframe"
	Parameters   Reason = "parameters"
	Overflow     Reason = "overflow"
	Refused      Reason = "refused"
	Storage      Reason = "storage"
)

// Reasons has the text for the log for every reason.
var Reasons = map[Reason]string{
	Unnegotiated: "its kind, payload type, stream or encoding was not negotiated",
	Superseded:   "another RTP stream of its kind has begun",
	Streams:      "the publisher changes its RTP streams too often",
	Codecs:       "the publisher changes its codec too often",
	Layer:        "another encoding of simulcast is recorded",
	Unreadable:   "its packets cannot be read",
	Malformed:    "packets are malformed",
	Late:         "packets come after their turn, or far from it",
	Incomplete:   "packets of its frames are missing",
	KeyFrames:    "no key frame has come yet",
	Parameters:   "a key frame comes before its parameter sets",
	Overflow:     "more comes than can be held",
	Refused:      "the stream is refused",
	Storage:      "it cannot be stored",
}

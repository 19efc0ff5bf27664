package offer

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// mostSets is the maximum number of parameter sets that an offer may declare for a payload type. The size of an offer limits them too.
const mostSets = 64

// parameterSets returns the H.264 parameter sets that a section declares, by payload type (RFC 6184 section 8.1). It ignores malformed ones.
func parameterSets(media *sdp.MediaDescription) map[uint8][][]byte {
	out := map[uint8][][]byte{}
	for _, a := range media.Attributes {
		number, parameters, _ := strings.Cut(a.Value, " ")
		format, err := strconv.ParseUint(number, 10, 7)
		if a.Key != "fmtp" || err != nil {
			continue
		}
		for parameter := range strings.SplitSeq(parameters, ";") {
			list, ok := strings.CutPrefix(strings.TrimSpace(parameter), "sprop-parameter-sets=")
			if !ok {
				continue
			}
			for text := range strings.SplitSeq(list, ",") {
				nal, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
				if sets := out[uint8(format)]; err == nil && len(sets) < mostSets {
					out[uint8(format)] = append(sets, nal)
				}
			}
		}
	}
	return out
}

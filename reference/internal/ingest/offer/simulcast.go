package offer

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"reelcheck/reference/internal/archive"
)

// maxLayers is the maximum number of encodings that a publisher may offer. Browsers offer three.
const maxLayers = 8

// Simulcast is the list of encodings that a video section offers (RFC 8853). pion does not see them. Their RTP streams are told apart by header
// extensions (RFC 8852), including streams that repeat packets.
type Simulcast struct {
	// Extension and RepairExtension are the numbers of the header extensions that name the encoding of a packet and of a repeated packet.
	// RepairExtension is 0 if repeated packets do not name it.
	Extension, RepairExtension int

	mid        string
	rids       []rid
	extensions []sdp.ExtMap // the lines of the offer with the header extensions that name an encoding
}

// RIDs returns the names of the encodings, in the order of the offer.
func (s *Simulcast) RIDs() []string {
	var out []string
	for _, r := range s.rids {
		out = append(out, r.id)
	}
	return out
}

// rid is one accepted encoding.
type rid struct {
	id           string
	paused       bool
	restrictions []string // name=value
}

// parseSimulcast returns the encodings that a section offers, nil if it offers only one.
func parseSimulcast(media *sdp.MediaDescription, i int) (*Simulcast, error) {
	refuse := func(format string, a ...any) error {
		return errorf(archive.Unprocessable, "media section %d offers simulcast "+format, append([]any{i}, a...)...)
	}
	if slices.ContainsFunc(media.Attributes, func(a sdp.Attribute) bool {
		return a.Key == "ssrc-group" && strings.HasPrefix(a.Value, "SIM ")
	}) {
		return nil, refuse("by SSRC: encodings must be named by a=rid (RFC 8853)")
	}
	s := &Simulcast{rids: offeredLayers(media)}
	s.mid, _ = media.Attribute("mid")
	switch {
	case len(s.rids) < 2:
		return nil, nil
	case media.MediaName.Media != "video":
		return nil, refuse("of %s: only video can be", media.MediaName.Media)
	case len(s.rids) > maxLayers:
		return nil, refuse("of %d encodings, more than %d", len(s.rids), maxLayers)
	}
	for _, a := range media.Attributes {
		var extension sdp.ExtMap
		if a.Key != "extmap" || extension.Unmarshal("extmap:"+a.Value) != nil || extension.URI == nil {
			continue
		}
		switch extension.URI.String() {
		case sdp.SDESRTPStreamIDURI:
			s.Extension = extension.Value
		case sdp.SDESRepairRTPStreamIDURI:
			s.RepairExtension = extension.Value
		case sdp.SDESMidURI:
		default:
			continue
		}
		extension.Direction, extension.ExtAttr = 0, nil
		s.extensions = append(s.extensions, extension)
	}
	if s.Extension == 0 {
		return nil, refuse("without a=extmap %s, by which packets name their encoding", sdp.SDESRTPStreamIDURI)
	}
	return s, nil
}

// offeredLayers returns the encodings that a section sends and that can be accepted. Of alternatives the first one counts (RFC 8853
// section 5.1).
func offeredLayers(media *sdp.MediaDescription) []rid {
	offered, _ := media.Attribute("simulcast")
	words := strings.Fields(offered)
	at := slices.Index(words, "send") + 1
	if at == 0 || at == len(words) {
		return nil
	}
	sent := sentRIDs(media)
	var out []rid
	for stream := range strings.SplitSeq(words[at], ";") {
		for name := range strings.SplitSeq(stream, ",") {
			id, paused := strings.CutPrefix(name, "~")
			if restrictions, ok := sent[id]; ok {
				out = append(out, rid{id, paused, restrictions})
				delete(sent, id)
				break
			}
		}
	}
	return out
}

// restrictable lists the restrictions of RFC 8851 section 5 that a recorder can leave to the sender. An encoding with any other restriction is
// not accepted (section 6), nor is one that depends on other encodings.
var restrictable = []string{"pt", "max-width", "max-height", "max-fps", "max-fs", "max-br", "max-pps", "max-bpp"}

// sentRIDs returns the encodings that a section names and that can be accepted, with their restrictions.
func sentRIDs(media *sdp.MediaDescription) map[string][]string {
	sent := map[string][]string{}
	for _, a := range media.Attributes {
		id, rest, _ := strings.Cut(a.Value, " ")
		direction, list, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if a.Key != "rid" || direction != "send" || id == "" || len(id) > 255 || strings.ContainsFunc(id, notInRID) {
			continue
		}
		restrictions := strings.FieldsFunc(list, func(r rune) bool { return r == ';' || r == ' ' })
		if !slices.ContainsFunc(restrictions, unrestrictable) {
			sent[id] = restrictions
		}
	}
	return sent
}

// notInRID reports whether r cannot be part of a rid-id (RFC 8851 section 10).
func notInRID(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
}

func unrestrictable(restriction string) bool {
	name, _, _ := strings.Cut(restriction, "=")
	return !slices.Contains(restrictable, name)
}

// answer accepts every encoding of the offer in an answered section (RFC 8853 section 5.3.2, RFC 8851 section 6). It keeps paused encodings
// paused, because a browser sends an encoding that the answer does not pause, even if its page does not want it.
func (s *Simulcast) answer(media *sdp.MediaDescription) {
	for _, extension := range s.extensions {
		media.Attributes = append(media.Attributes, extension.Clone())
	}
	var streams []string
	for _, r := range s.rids {
		line := r.id + " recv"
		if restrictions := r.answered(media.MediaName.Formats); len(restrictions) > 0 {
			line += " " + strings.Join(restrictions, ";")
		}
		media.WithValueAttribute("rid", line)
		name := r.id
		if r.paused {
			name = "~" + name
		}
		streams = append(streams, name)
	}
	media.WithValueAttribute("simulcast", "recv "+strings.Join(streams, ";"))
}

// answered returns the restrictions of an encoding, without formats that the answer does not have.
func (r rid) answered(formats []string) []string {
	var out []string
	for _, restriction := range r.restrictions {
		if list, ok := strings.CutPrefix(restriction, "pt="); ok {
			kept := slices.DeleteFunc(strings.Split(list, ","), func(format string) bool { return !slices.Contains(formats, format) })
			if len(kept) == 0 {
				continue
			}
			restriction = "pt=" + strings.Join(kept, ",")
		}
		out = append(out, restriction)
	}
	return out
}

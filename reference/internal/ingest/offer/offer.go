// Package offer reads and answers the SDP of WHIP (RFC 9725): offers, the fragments of trickle ICE, and simulcast. It does no negotiation of its
// own. The caller gives pion the text of an offer, which has only what pion can use, and completes pion's answer with the rest.
//
//	o, err := offer.Parse(text)              // refuses what cannot be published
//	text, err := o.Text()                    // for pion
//	audio, video, err := offer.Accepted(sdp) // of pion's answer
//	sdp, err = o.Complete(sdp)               // for the client
//
// If the client is at fault, the error of Parse and of Accepted is an [archive.Error]; that of ParseFragment is not. For an ICE restart, the caller
// passes the new credentials to Restart and gives pion the text again. It must not call Restart during another call on the same Offer.
package offer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"reelcheck/reference/internal/archive"
)

// Offer is a valid WHIP offer. Its text can be offered again with other ICE credentials.
type Offer struct {
	Simulcast     *Simulcast         // nil if one encoding is offered
	ParameterSets map[uint8][][]byte // H.264 parameter sets that it declares, by payload type; at most mostSets each

	description *sdp.SessionDescription
	mids        []string
	declined    []declined
	alone       bool // the only section is in no bundle
}

// declined is a section of the offer that the answer refuses. pion does not see it.
type declined struct {
	index int
	media *sdp.MediaDescription
}

// Parse checks the rules of RFC 9725 section 4.2 and what a publication can be: at most one audio and one video section, sent and bundled.
// Other sections of a browser, such as a data channel or an unused section, are declined.
func Parse(text []byte) (*Offer, error) {
	var description sdp.SessionDescription
	if !bytes.HasSuffix(text, []byte("\n")) { // the parser does not see a last line without a line end
		text = append(slices.Clip(text), "\r\n"...)
	}
	if err := description.Unmarshal(text); err != nil {
		return nil, errorf(archive.Invalid, "the offer is not valid SDP: %v", err)
	}
	o := &Offer{description: &description}
	o.decline()
	if len(description.MediaDescriptions) == 0 {
		return nil, errorf(archive.Invalid, "the offer has no media section")
	}
	seen := map[string]bool{}
	o.spread()
	for i, media := range description.MediaDescriptions {
		kind := media.MediaName.Media
		switch {
		case kind != "audio" && kind != "video":
			return nil, errorf(archive.Unprocessable, "media section %d is %q: only audio and video can be published", i, kind)
		case seen[kind]:
			return nil, errorf(archive.Unprocessable, "the offer has more than one %s section: one audio and one video section at most", kind)
		}
		seen[kind] = true
		if err := checkSection(media, i); err != nil {
			return nil, err
		}
		several, err := parseSimulcast(media, i)
		if err != nil {
			return nil, err
		}
		if kind == "video" {
			o.ParameterSets = parameterSets(media)
		}
		mid, _ := media.Attribute("mid")
		if slices.Contains(o.mids, mid) {
			return nil, errorf(archive.Invalid, "media section %d has the a=mid of another", i)
		}
		o.mids = append(o.mids, mid)
		media.Attributes = slices.DeleteFunc(media.Attributes, func(a sdp.Attribute) bool {
			return a.Key == "simulcast" || a.Key == "rid"
		})
		switch {
		case several != nil:
			o.Simulcast = several
			undeclare(media, several.RepairExtension != 0)
		case !slices.ContainsFunc(media.Attributes, grouped):
			undeclare(media, false)
		}
	}
	if err := o.bundle(); err != nil {
		return nil, err
	}
	if err := checkTransport(&description); err != nil {
		return nil, err
	}
	return o, nil
}

// mostLines limits lines that take long to negotiate. Browsers have fewer.
var mostLines = map[string]int{"ssrc": 100, "ssrc-group": 100, "rtcp-fb": 200, "rid": 100}

// decline removes the sections that carry no media: data channels, and sections with port 0 (RFC 8866 section 5.14) outside a bundle (RFC 9143
// section 6).
func (o *Offer) decline() {
	var kept []*sdp.MediaDescription
	for i, media := range o.description.MediaDescriptions {
		_, bundled := media.Attribute("bundle-only")
		if media.MediaName.Media == "application" || media.MediaName.Port.Value == 0 && !bundled {
			o.declined = append(o.declined, declined{i, media})
		} else {
			kept = append(kept, media)
		}
	}
	o.description.MediaDescriptions = kept
	if len(o.declined) == 0 {
		return
	}
	for i, a := range o.description.Attributes {
		if group, ok := strings.CutPrefix(a.Value, "BUNDLE "); ok && a.Key == "group" {
			mids := slices.DeleteFunc(strings.Fields(group), o.declines)
			o.description.Attributes[i].Value = strings.Join(append([]string{"BUNDLE"}, mids...), " ")
		}
	}
}

// declines reports whether decline removes a section.
func (o *Offer) declines(mid string) bool {
	return slices.ContainsFunc(o.declined, func(d declined) bool {
		m, _ := d.media.Attribute("mid")
		return m == mid
	})
}

// Complete makes pion's answer fit the original offer. It adds the declined sections, so that the number agrees (RFC 3264 section 6), removes a
// bundle that was not offered, and adds the encodings of simulcast.
func (o *Offer) Complete(answer string) (string, error) {
	if len(o.declined) == 0 && !o.alone && o.Simulcast == nil {
		return answer, nil
	}
	var description sdp.SessionDescription
	if err := description.UnmarshalString(answer); err != nil {
		return "", fmt.Errorf("own answer: %w", err)
	}
	if o.alone { // the answer must not have a group that was not offered (RFC 5888 section 9)
		description.Attributes = slices.DeleteFunc(description.Attributes, func(a sdp.Attribute) bool { return a.Key == "group" })
	}
	for _, media := range description.MediaDescriptions {
		if mid, _ := media.Attribute("mid"); o.Simulcast != nil && mid == o.Simulcast.mid {
			o.Simulcast.answer(media)
		}
	}
	for _, d := range o.declined {
		no := &sdp.MediaDescription{MediaName: d.media.MediaName}
		no.MediaName.Port = sdp.RangedPort{}
		no.ConnectionInformation = &sdp.ConnectionInformation{NetworkType: "IN", AddressType: "IP4", Address: &sdp.Address{Address: "0.0.0.0"}}
		if mid, ok := d.media.Attribute("mid"); ok {
			no.WithValueAttribute("mid", mid)
		}
		no.WithPropertyAttribute("inactive")
		description.MediaDescriptions = slices.Insert(description.MediaDescriptions, d.index, no)
	}
	b, err := description.Marshal()
	return string(b), err
}

// Passive reports whether the client waits for the server to open DTLS (RFC 8842 section 5.3).
func (o *Offer) Passive() bool {
	setup, ok := o.description.MediaDescriptions[0].Attribute("setup")
	if !ok {
		setup, _ = o.description.Attribute("setup")
	}
	return setup == "passive"
}

// directions are the attributes that say who sends (RFC 8866 section 6.7).
var directions = []string{"sendrecv", "sendonly", "recvonly", "inactive"}

// spread moves a direction from the session into the sections that have none of their own. pion does not see it there.
func (o *Offer) spread() {
	isDirection := func(a sdp.Attribute) bool { return slices.Contains(directions, a.Key) }
	i := slices.IndexFunc(o.description.Attributes, isDirection)
	if i < 0 {
		return
	}
	usual := o.description.Attributes[i]
	o.description.Attributes = slices.DeleteFunc(o.description.Attributes, isDirection)
	for _, media := range o.description.MediaDescriptions {
		if !slices.ContainsFunc(media.Attributes, isDirection) {
			media.Attributes = append(media.Attributes, usual)
		}
	}
}

func checkSection(media *sdp.MediaDescription, i int) error {
	mid, ok := media.Attribute("mid")
	if !ok || mid == "" {
		return errorf(archive.Invalid, "media section %d has no a=mid", i)
	}
	for _, direction := range directions[2:] {
		if _, ok := media.Attribute(direction); ok {
			return errorf(archive.Unprocessable, "media section %d is %s: a publisher must offer sendonly or sendrecv", i, direction)
		}
	}
	for key, most := range mostLines {
		lines := 0
		for _, a := range media.Attributes {
			if a.Key == key {
				lines++
			}
		}
		if lines > most {
			return errorf(archive.Invalid, "media section %d has %d lines a=%s, more than %d", i, lines, key, most)
		}
	}
	return nil
}

// grouped reports whether a section's attribute groups RTP streams, as those with RTX are.
func grouped(a sdp.Attribute) bool { return a.Key == "ssrc-group" }

// undeclare removes the RTP streams that a section declares, so that packets are matched by payload type (RFC 8843 section 9.2). pion takes no
// other stream where one is declared, but a sender may change to another (RFC 3550 section 8.2). Unless RTX packets say which stream they
// repeat, nothing can tell then, so RTX is removed too; otherwise it would be taken for media. Without RTX, lost packets are resent on the
// stream itself.
func undeclare(media *sdp.MediaDescription, repaired bool) {
	media.Attributes = slices.DeleteFunc(media.Attributes, func(a sdp.Attribute) bool { return a.Key == "ssrc" || a.Key == "ssrc-group" })
	if repaired {
		return
	}
	var repair []string
	for _, a := range media.Attributes {
		if format, codec, ok := strings.Cut(a.Value, " "); ok && a.Key == "rtpmap" && strings.HasPrefix(strings.ToLower(codec), "rtx/") {
			repair = append(repair, format)
		}
	}
	isRepair := func(format string) bool { return slices.Contains(repair, format) }
	media.MediaName.Formats = slices.DeleteFunc(media.MediaName.Formats, isRepair)
	media.Attributes = slices.DeleteFunc(media.Attributes, func(a sdp.Attribute) bool {
		format, _, _ := strings.Cut(a.Value, " ")
		return (a.Key == "rtpmap" || a.Key == "fmtp" || a.Key == "rtcp-fb") && isRepair(format)
	})
}

// bundle checks that all sections are in one bundle. It bundles a single section, since pion wants that.
func (o *Offer) bundle() error {
	if len(o.mids) == 1 && !o.bundled() {
		o.alone = true
		o.description.WithValueAttribute("group", "BUNDLE "+o.mids[0])
	}
	if !o.bundled() {
		return errorf(archive.Unprocessable, "the media sections are not bundled: a=group:BUNDLE must name every a=mid")
	}
	return nil
}

func (o *Offer) bundled() bool {
	for _, a := range o.description.Attributes {
		if group, ok := strings.CutPrefix(a.Value, "BUNDLE "); ok && a.Key == "group" {
			named := strings.Fields(group)
			return !slices.ContainsFunc(o.mids, func(mid string) bool { return !slices.Contains(named, mid) })
		}
	}
	return false
}

// Text returns the offer as it is given to pion.
func (o *Offer) Text() (string, error) {
	b, err := o.description.Marshal()
	if err != nil {
		return "", fmt.Errorf("write offer: %w", err)
	}
	return string(b), nil
}

// Credentials returns the ICE user fragment and password of the offer.
func (o *Offer) Credentials() (ufrag, password string) {
	find := func(key string) string {
		if v, ok := o.description.Attribute(key); ok {
			return v
		}
		for _, media := range o.description.MediaDescriptions {
			if v, ok := media.Attribute(key); ok {
				return v
			}
		}
		return ""
	}
	return find("ice-ufrag"), find("ice-pwd")
}

// Restart replaces the ICE credentials and removes the candidates of the old ones.
func (o *Offer) Restart(ufrag, password string) {
	ice := func(a sdp.Attribute) bool {
		return a.Key == "ice-ufrag" || a.Key == "ice-pwd" || a.Key == "candidate" || a.Key == "end-of-candidates"
	}
	o.description.Attributes = slices.DeleteFunc(o.description.Attributes, ice)
	for _, media := range o.description.MediaDescriptions {
		media.Attributes = append(slices.DeleteFunc(media.Attributes, ice),
			sdp.Attribute{Key: "ice-ufrag", Value: ufrag}, sdp.Attribute{Key: "ice-pwd", Value: password})
	}
}

// Accepted reports which kinds the answer accepts. It returns an error unless all that were offered are accepted: a publisher must not be told
// of success while half of its media is dropped (RFC 9725 section 4.4.3).
func Accepted(answer string) (audio, video bool, err error) {
	var description sdp.SessionDescription
	if err := description.UnmarshalString(answer); err != nil {
		return false, false, fmt.Errorf("own answer: %w", err)
	}
	for i, media := range description.MediaDescriptions {
		kind := media.MediaName.Media
		if media.MediaName.Port.Value == 0 {
			return false, false, errorf(archive.Unprocessable,
				"media section %d has no codec in common: %s must offer %s", i, kind, codecsOf[kind])
		}
		audio = audio || kind == "audio"
		video = video || kind == "video"
	}
	return audio, video, nil
}

// codecsOf lists the accepted codecs of a kind, in words for clients.
var codecsOf = map[string]string{"audio": "opus", "video": "VP8, VP9 (profile 0) or H264 (packetization-mode 1)"}

func errorf(kind archive.Kind, format string, a ...any) error {
	return &archive.Error{Kind: kind, Message: fmt.Sprintf(format, a...)}
}

package whiptest

import (
	"net/http"
	"strings"

	"github.com/pion/webrtc/v4"
)

// Lose stops all sending, as if the network was gone, or resumes it. Time goes on meanwhile.
func (p *Publisher) Lose(on bool) {
	for _, t := range p.tracks {
		t.muted.Store(on)
	}
}

// Restart restarts ICE, as a client does that returns from another network (RFC 9725 section 4.3.2).
func (p *Publisher) Restart() {
	p.tb.Helper()
	answer := p.pc.RemoteDescription().SDP
	offer, err := p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	must(p.tb, err)
	gathered := webrtc.GatheringCompletePromise(p.pc)
	must(p.tb, p.pc.SetLocalDescription(offer))
	<-gathered
	response, own := p.exchange(http.MethodPatch, p.resource, "application/trickle-ice-sdpfrag", strings.Join(iceLines(p.pc.LocalDescription().SDP, true), ""))
	if response.StatusCode != http.StatusOK {
		p.tb.Fatalf("whip: ICE restart answered %s: %s", response.Status, own)
	}
	kept := strings.Join(iceLines(answer, false), "")
	answer = strings.Replace(kept, "m=", strings.Join(iceLines(own, true), "")+"m=", 1)
	must(p.tb, p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// iceLines returns the lines of a description that are about ICE, each once, or with are false the other lines.
func iceLines(sdp string, are bool) (list []string) {
	seen := map[string]bool{}
	for line := range strings.Lines(sdp) {
		ice := strings.HasPrefix(line, "a=ice-ufrag:") || strings.HasPrefix(line, "a=ice-pwd:") || strings.HasPrefix(line, "a=candidate:")
		if ice == are && !(ice && seen[line]) {
			list = append(list, line)
		}
		seen[line] = true
	}
	return list
}

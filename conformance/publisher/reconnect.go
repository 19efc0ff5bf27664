package publisher

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/target"
)

// fragmentType is the media type of ICE credentials and candidates (RFC 8840).
const fragmentType = "application/trickle-ice-sdpfrag"

// isAway reports whether the client has no network. Requires s.mu.
func (s *sender) isAway() bool {
	return len(s.away) > 0 && s.away[len(s.away)-1].To.IsZero()
}

// Disconnect implements Publication.
func (p *publication) Disconnect() error {
	p.hold()
	defer p.release()
	if p.senders[0].isAway() {
		return fmt.Errorf("client %s is already disconnected", p.options.Name)
	}
	p.cable.cut()
	at := p.now().UTC()
	for _, s := range p.senders {
		s.away = append(s.away, evidence.Span{From: at})
	}
	return nil
}

// Reconnect implements Publication.
func (p *publication) Reconnect(ctx context.Context, label string) error {
	ctx, cancel := context.WithTimeout(ctx, p.options.Within)
	defer cancel()
	select {
	case <-p.again: // the connection before
	default:
	}
	p.cable.mend()
	if err := p.restart(ctx, label); err != nil {
		return err
	}
	select {
	case <-p.again:
	case <-p.gone:
		return &target.RefusedError{Label: label, Err: errors.New("the peer connection failed")}
	case <-ctx.Done():
		return &target.RefusedError{Label: label, Err: fmt.Errorf("no peer connection within %v of the ICE restart", p.options.Within)}
	}
	p.hold()
	defer p.release()
	at := p.now().UTC()
	for _, s := range p.senders {
		if s.isAway() {
			s.away[len(s.away)-1].To = at
		}
	}
	return nil
}

// hold stops all tracks between two units.
func (p *publication) hold() {
	for _, s := range p.senders {
		s.mu.Lock()
	}
}

func (p *publication) release() {
	for _, s := range p.senders {
		s.mu.Unlock()
	}
}

// restart sends the target new ICE credentials and applies its answer.
func (p *publication) restart(ctx context.Context, label string) error {
	if err := p.offer(ctx, &webrtc.OfferOptions{ICERestart: true}); err != nil {
		return err
	}
	o := p.options
	header := p.header.Clone()
	header.Set("If-Match", "*")
	a, err := o.Client.Do(ctx, target.Call{
		Label: label, Operation: evidence.PatchPublication, Method: http.MethodPatch, Path: p.resource, Header: header,
		Body: []byte(fragmentOf(p.pc.LocalDescription().SDP)), Type: fragmentType, As: evidence.AsClient,
		IDs: map[string]string{evidence.Session: o.Session, evidence.Stream: p.streamID},
	})
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return &target.RefusedError{Label: label, Status: a.Status, Err: fmt.Errorf("ICE restart answered %d, want 200", a.Status)}
	}
	p.answer = restarted(p.answer, string(a.Body))
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: p.answer}); err != nil {
		return &target.RefusedError{Label: label, Status: a.Status, Err: fmt.Errorf("SDP fragment: %w", err)}
	}
	return nil
}

// fragmentOf returns the part of a description that identifies its ICE session: the group, and the first media section,
// which carries the bundle.
func fragmentOf(sdp string) string {
	var out []string
	sections := 0
	for line := range strings.SplitSeq(sdp, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(line, "m=") {
			sections++
		}
		if sections <= 1 && (strings.HasPrefix(line, "m=") || strings.HasPrefix(line, "a=mid:") || strings.HasPrefix(line, "a=group:") || ofICE(line)) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\r\n") + "\r\n"
}

// ofICE reports whether a line is an attribute of an ICE session (RFC 8839).
func ofICE(line string) bool {
	return slices.ContainsFunc([]string{"a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=end-of-candidates"}, func(s string) bool { return strings.HasPrefix(line, s) })
}

// restarted returns an answer with the ICE session of a fragment instead of its own. All sections get the credentials,
// since any of them may carry the bundle; the first one gets the candidates.
func restarted(answer, fragment string) string {
	var credentials, candidates []string
	for line := range strings.SplitSeq(fragment, "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case strings.HasPrefix(line, "a=candidate:"):
			candidates = append(candidates, line)
		case ofICE(line) && line != "a=end-of-candidates" && !slices.Contains(credentials, line):
			credentials = append(credentials, line)
		}
	}
	var out []string
	first := true
	for line := range strings.SplitSeq(strings.TrimRight(answer, "\r\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if ofICE(line) {
			continue
		}
		out = append(out, line)
		if strings.HasPrefix(line, "a=mid:") {
			out = append(out, credentials...)
			if first {
				out = append(out, candidates...)
			}
			first = false
		}
	}
	return strings.Join(out, "\r\n") + "\r\n"
}

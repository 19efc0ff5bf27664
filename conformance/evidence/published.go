package evidence

import "time"

// Published is what a publisher sent of one track. It is written when the first packet left, and again with the totals
// when the track ended.
type Published struct {
	Client  string `json:"client"`
	Fixture string `json:"fixture"` // id in fixtures/manifest.json
	Kind    string `json:"kind"`    // "video" or "audio"
	Codec   string `json:"codec"`
	// VideoType and Classes (joined by blanks) are what the client or its token declared about the stream when it was
	// published.
	VideoType string `json:"videoType,omitempty"`
	Classes   string `json:"classes,omitempty"`
	// ConnectionData is the connection data in the client's token.
	ConnectionData string `json:"connectionData,omitempty"`
	SSRC           uint32 `json:"ssrc"`
	Ended          bool   `json:"ended"`
	// Epoch is the moment at which unit 0 (a frame or packet) was due. Unit n was due at Epoch + n/Rate, which is its
	// capture time in RTP timestamps and sender reports. All tracks of a publisher share the epoch, so its picture and
	// sound are offset by exactly zero.
	Epoch time.Time `json:"epoch"`
	Rate  float64   `json:"rate"` // units per second
	Units int       `json:"units"`
	// LoopUnits is the length of the fixture in units: unit n carries frame n mod LoopUnits.
	LoopUnits int `json:"loopUnits"`
	// First and Last are the moments at which the first and the last packet left.
	First time.Time `json:"first"`
	Last  time.Time `json:"last,omitzero"`
	// Packets and Bytes count what was handed to the transport, without retransmissions.
	Packets int64 `json:"packets"`
	Bytes   int64 `json:"bytes"`
	// Late is the largest delay of a unit beyond its planned departure. It shows how far the harness itself stalled.
	Late time.Duration `json:"lateNs"`
	// Lag is the planned delay between a unit's due time and its departure, like that of a slow encoder.
	Lag time.Duration `json:"lagNs,omitempty"`
	// Reported is the moment at which the first sender report of the track left; zero if none did.
	Reported time.Time `json:"reported,omitzero"`
	// Muted are the spans in which no units were sent, for any reason.
	Muted []Span `json:"muted,omitempty"`
	// Unsent are the units that were due but not sent, in order.
	Unsent []Units `json:"unsent,omitempty"`
	// Away are the spans in which the client had no network; each ends when the client has restarted ICE.
	Away []Span `json:"away,omitempty"`
	// Offered and Stopped are the spans from asking for the publication, or for its end, to the answer. They are zero where
	// the evidence has the requests themselves.
	Offered Span `json:"offered,omitzero"`
	Stopped Span `json:"stopped,omitzero"`
	// Reason is why the track ended: "delete", "abrupt", "peer", or "switch" when it went on with another fixture.
	Reason string `json:"reason,omitempty"`
}

// UnitAt returns the fixture frame or packet that is due at t, and whether the track was being sent then.
func (p *Published) UnitAt(t time.Time) (int, bool) {
	if p.LoopUnits == 0 || t.Before(p.Epoch) || p.Ended && t.After(p.Last) {
		return 0, false
	}
	for _, m := range p.Muted {
		if !t.Before(m.From) && (m.To.IsZero() || t.Before(m.To)) {
			return 0, false
		}
	}
	return int(t.Sub(p.Epoch).Seconds()*p.Rate) % p.LoopUnits, true
}

// Captured returns the capture time of unit n. Units are counted from 0 through all loops.
func (p *Published) Captured(n int64) time.Time {
	whole := int64(p.Rate)
	if float64(whole) != p.Rate || whole == 0 {
		return p.Epoch.Add(time.Duration(float64(n) / p.Rate * float64(time.Second)))
	}
	return p.Epoch.Add(time.Duration(n/whole)*time.Second + time.Duration(n%whole)*time.Second/time.Duration(whole))
}

// Sent reports whether unit n was sent. The answer is only final once the track has ended.
func (p *Published) Sent(n int64) bool {
	for _, u := range p.Unsent {
		if n >= u.From && n < u.To {
			return false
		}
	}
	return n >= 0 && n < p.Due()
}

// Due returns the number of units that were due, sent or not.
func (p *Published) Due() int64 {
	n := int64(p.Units)
	for _, u := range p.Unsent {
		n += u.To - u.From
	}
	return n
}

// Units is a range of units: From is the first, To the one after the last.
type Units struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

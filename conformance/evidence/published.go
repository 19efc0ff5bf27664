package evidence

import "time"

// Published is what a publisher sent of one track. It is written when the first packet left and again,
// with the totals, when the track ended.
type Published struct {
	Client  string `json:"client"`
	Fixture string `json:"fixture"` // id in fixtures/manifest.json
	Kind    string `json:"kind"`    // "video" or "audio"
	Codec   string `json:"codec"`
	// VideoType and Classes, joined by blanks, are what the client or its token said of the stream when it was published.
	VideoType string `json:"videoType,omitempty"`
	Classes   string `json:"classes,omitempty"`
	// ConnectionData is what the client's token says of its connection.
	ConnectionData string `json:"connectionData,omitempty"`
	SSRC           uint32 `json:"ssrc"`
	Ended          bool   `json:"ended"`
	// Epoch is when unit 0 (frame or packet) was due; unit n was due Epoch + n/Rate, which is its capture time: RTP
	// timestamps and sender reports tell it. All tracks of one publisher share the epoch, so the offset between its
	// picture and its sound is exactly zero.
	Epoch time.Time `json:"epoch"`
	Rate  float64   `json:"rate"` // units per second
	Units int       `json:"units"`
	// LoopUnits is the length of the fixture: unit n carries frame n mod LoopUnits.
	LoopUnits int `json:"loopUnits"`
	// First and Last are when the first and the last packet left.
	First time.Time `json:"first"`
	Last  time.Time `json:"last,omitzero"`
	// Packets, Bytes: handed to the transport, without retransmissions.
	Packets int64 `json:"packets"`
	Bytes   int64 `json:"bytes"`
	// Late is the largest delay between when a unit was to leave and its departure: how far the harness itself stalled.
	Late time.Duration `json:"lateNs"`
	// Lag is how long after they were due units leave, as those of a slow encoder do.
	Lag time.Duration `json:"lagNs,omitempty"`
	// Reported is when the first sender report of the track left; zero: none did.
	Reported time.Time `json:"reported,omitzero"`
	// Muted are the spans in which units were not sent, for whatever reason.
	Muted []Span `json:"muted,omitempty"`
	// Unsent are the units that were due and not sent, in order.
	Unsent []Units `json:"unsent,omitempty"`
	// Away are the spans in which the client had no network, until it had restarted ICE.
	Away []Span `json:"away,omitempty"`
	// Reason is why it ended: "delete", "abrupt", "peer", or "switch" when the track went on with another fixture.
	Reason string `json:"reason,omitempty"`
}

// UnitAt is the fixture frame (or packet) due at t, and whether the track was being sent then.
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

// Captured is the capture time of unit n, counted from 0 and on through all loops.
func (p *Published) Captured(n int64) time.Time {
	whole := int64(p.Rate)
	if float64(whole) != p.Rate || whole == 0 {
		return p.Epoch.Add(time.Duration(float64(n) / p.Rate * float64(time.Second)))
	}
	return p.Epoch.Add(time.Duration(n/whole)*time.Second + time.Duration(n%whole)*time.Second/time.Duration(whole))
}

// Sent tells whether unit n was sent. Of a track that goes on nobody knows yet.
func (p *Published) Sent(n int64) bool {
	for _, u := range p.Unsent {
		if n >= u.From && n < u.To {
			return false
		}
	}
	return n >= 0 && n < p.Due()
}

// Due is how many units were due, sent or not.
func (p *Published) Due() int64 {
	n := int64(p.Units)
	for _, u := range p.Unsent {
		n += u.To - u.From
	}
	return n
}

// Units are those from one number to before another.
type Units struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

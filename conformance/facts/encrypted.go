package facts

import (
	"slices"

	"reelcheck/conformance/evidence"
)

// certified returns the calls that set an upload target for r's application and were accepted before r. The last one
// counts.
func (f *Facts) certified(r evidence.Record) (accepted []evidence.Record) {
	for _, call := range f.byOperation[evidence.SetArchiveStorage] {
		if call.Exchange.Status() == 200 && call.SameApp(r) && call.Over().Before(r.Sent()) && f.Sound(call) {
			accepted = append(accepted, call)
		}
	}
	return accepted
}

// Encrypted reports whether the application had a certificate when h was started.
func (f *Facts) Encrypted(h *History) bool {
	return h.Start.Seq > 0 && f.InForce(h.Start)
}

// InForce reports whether the application of a request had a certificate when the request was sent.
func (f *Facts) InForce(r evidence.Record) bool {
	accepted := f.certified(r)
	return len(accepted) > 0 && f.Certificate(accepted[len(accepted)-1])
}

// Certificate reports whether a call sets an upload target with a certificate.
func (f *Facts) Certificate(r evidence.Record) bool {
	o, _ := f.Decode(r.Exchange.Request.Body.Text)
	return o["certificate"] != nil
}

// TurnedOff reports whether the application had removed its certificate before h was started.
func (f *Facts) TurnedOff(h *History) bool {
	if h.Start.Exchange == nil || f.Encrypted(h) {
		return false
	}
	return slices.ContainsFunc(f.certified(h.Start), f.Certificate)
}

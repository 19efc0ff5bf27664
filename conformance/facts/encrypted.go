package facts

import "reelcheck/conformance/evidence"

// certified are the settings of an upload target that were accepted before r for its application; the last of them counts.
func (f *Facts) certified(r evidence.Record) (accepted []evidence.Record) {
	for _, call := range f.Calls(evidence.SetArchiveStorage) {
		if f.Sound(call) && call.Exchange.Status() == 200 && call.SameApp(r) && call.Over().Before(r.Sent()) {
			accepted = append(accepted, call)
		}
	}
	return accepted
}

// Encrypted tells whether the application had a certificate when h was started.
func (f *Facts) Encrypted(h *History) bool {
	return h.Start.Exchange != nil && f.InForce(h.Start)
}

// InForce tells whether the application of a request had a certificate when it was sent.
func (f *Facts) InForce(r evidence.Record) bool {
	accepted := f.certified(r)
	return len(accepted) > 0 && f.Certificate(accepted[len(accepted)-1])
}

// Certificate tells whether a call sets an upload target with a certificate.
func (f *Facts) Certificate(r evidence.Record) bool {
	o, _ := f.Decode(r.Exchange.Request.Body.Text)
	return o["certificate"] != nil
}

// TurnedOff tells whether the application had a certificate once, and none any more when h was started.
func (f *Facts) TurnedOff(h *History) bool {
	if h.Start.Exchange == nil || f.Encrypted(h) {
		return false
	}
	for _, r := range f.certified(h.Start) {
		if f.Certificate(r) {
			return true
		}
	}
	return false
}

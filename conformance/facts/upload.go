package facts

import (
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

// upload adds a request to the suite's store to the archive that its path names.
func (f *Facts) upload(r evidence.Record) {
	for part := range strings.SplitSeq(r.Upload.Path, "/") {
		if h := f.ByID[part]; h != nil {
			h.uploads = append(h.uploads, r)
			return
		}
	}
}

// Uploads returns the requests for an archive that the suite's store refused, or those that it accepted.
func (h *History) Uploads(refused bool) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.uploads {
		if refused == (r.Upload.Answer >= 500) {
			out = append(out, r)
		}
	}
	return out
}

// Undeliverable reports whether the suite's store refused every upload of the archive, so that it can hold nothing of
// it.
func (h *History) Undeliverable() bool {
	refused := func(r evidence.Record) bool { return r.Upload.Answer >= 500 }
	return len(h.uploads) > 0 && !slices.ContainsFunc(h.uploads, func(r evidence.Record) bool { return !refused(r) })
}

// Faulty reports whether the harness armed a fault for the archive's application.
func (f *Facts) Faulty(h *History) bool {
	return slices.ContainsFunc(f.Calls(evidence.ArmFault), func(r evidence.Record) bool {
		return r.Exchange.Status() == 201 && r.SameApp(h.Start)
	})
}

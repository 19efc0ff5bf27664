package facts

import (
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

// upload notes a request that the suite's store saw with the archive that its path names.
func (f *Facts) upload(r evidence.Record) {
	for part := range strings.SplitSeq(r.Upload.Path, "/") {
		if h := f.ByID[part]; h != nil {
			h.uploads = append(h.uploads, r)
			return
		}
	}
}

// Uploads are the requests for an archive that the suite's store saw, refused or not.
func (h *History) Uploads(refused bool) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.uploads {
		if refused == (r.Upload.Answer >= 500) {
			out = append(out, r)
		}
	}
	return out
}

// Undeliverable: the suite's store refused every upload of the archive, so that nothing can have been stored in it.
func (h *History) Undeliverable() bool {
	refused := func(r evidence.Record) bool { return r.Upload.Answer >= 500 }
	return len(h.uploads) > 0 && !slices.ContainsFunc(h.uploads, func(r evidence.Record) bool { return !refused(r) })
}

// Faulty: a fault that no recording survives was armed for the archive's application before it ended.
func (f *Facts) Faulty(h *History) bool {
	return slices.ContainsFunc(f.Calls(evidence.ArmFault), func(r evidence.Record) bool {
		return r.Exchange.Status() == 201 && r.SameApp(h.Start)
	})
}

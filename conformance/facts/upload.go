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

// Uploads returns the requests for an archive that the suite's store refused, or those that it accepted and that made an
// object.
func (h *History) Uploads(refused bool) []evidence.Record {
	var out []evidence.Record
	for _, r := range h.uploads {
		made := r.Upload.Part == "" || r.Upload.Part == evidence.EndParts
		if bad := r.Upload.Answer >= 500 || r.Upload.Refused; refused && bad || !refused && !bad && made {
			out = append(out, r)
		}
	}
	return out
}

// Undeliverable reports whether the suite's store refused every upload of the archive, so that it can hold nothing of
// it.
func (h *History) Undeliverable() bool {
	return len(h.uploads) > 0 && len(h.Uploads(false)) == 0
}

// AskedFor reports whether the store accepted a request for an object of the archive with that server-side encryption.
func (h *History) AskedFor(encryption string) bool {
	return slices.ContainsFunc(h.uploads, func(r evidence.Record) bool {
		begins := r.Upload.Part == "" || r.Upload.Part == evidence.BeginParts
		return begins && r.Upload.Answer < 500 && !r.Upload.Refused && r.Upload.Encryption == encryption
	})
}

// UploadParts returns the parts of the archive that the store accepted, and those that were left there.
func (h *History) UploadParts() (all, left []evidence.Record) {
	return evidence.Multiparts(h.uploads, h.ID)
}

// Faulty reports whether the harness armed a fault for the archive's application.
func (f *Facts) Faulty(h *History) bool {
	return slices.ContainsFunc(f.Calls(evidence.ArmFault), func(r evidence.Record) bool {
		return r.Exchange.Status() == 201 && r.SameApp(h.Start)
	})
}

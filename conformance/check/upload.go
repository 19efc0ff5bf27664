package check

import (
	"slices"
	"strings"

	"reelcheck/conformance/evidence"
)

// Uploads are the requests for an archive that the suite's store saw, refused or not.
func (f *Facts) Uploads(h *History, refused bool) []evidence.Record {
	var out []evidence.Record
	for _, r := range f.View.Uploads().Records {
		if strings.Contains(r.Upload.Path, h.ID) && refused == (r.Upload.Answer >= 500) {
			out = append(out, r)
		}
	}
	return out
}

// Undeliverable: the suite's store refused every upload of the archive, so that nothing can have been stored in it.
func (f *Facts) Undeliverable(h *History) bool {
	return len(f.Uploads(h, true)) > 0 && len(f.Uploads(h, false)) == 0
}

// Faulty: a fault that no recording survives was armed for the archive's application before it ended.
func (f *Facts) Faulty(h *History) bool {
	return slices.ContainsFunc(f.Calls("armFault"), func(r evidence.Record) bool {
		return r.Exchange.Status() == 201 && SameApp(r, h.Start)
	})
}

package evidence

import "strings"

// Multiparts returns the parts of an archive that a store accepted, and of these the ones that are still there, since
// their upload was neither finished nor aborted. records are requests to the store; their path names the archive.
func Multiparts(records []Record, archive string) (all, left []Record) {
	over := map[string]bool{}
	for _, r := range records {
		done := r.Upload.Part == EndParts || r.Upload.Part == AbortParts
		over[r.Upload.Multipart] = over[r.Upload.Multipart] || done && r.Upload.Answer/100 == 2
	}
	for _, r := range records {
		if r.Upload.Part != PutPart || r.Upload.Answer/100 != 2 || !strings.Contains(r.Upload.Path, archive) {
			continue
		}
		all = append(all, r)
		if !over[r.Upload.Multipart] {
			left = append(left, r)
		}
	}
	return all, left
}

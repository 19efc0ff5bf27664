package facts

import (
	"slices"

	"reelcheck/conformance/evidence"
)

// RestCall tells the operations that REST credentials protect.
func RestCall(r evidence.Record) bool {
	return r.Exchange != nil && slices.Contains([]string{"createSession", "startArchive", "stopArchive", "getArchive", "listArchives",
		"deleteArchive", "listConnections", "listStreams"}, r.Exchange.Operation)
}

// Meant: a success that looks like one, not just a status of 200.
func (f *Facts) Meant(r evidence.Record) bool {
	switch r.Exchange.Operation {
	case "listArchives", "listConnections", "listStreams":
		o, _ := f.Decode(AnswerText(r))
		_, whole := o.Whole("count")
		return whole
	case "createSession":
		for _, s := range f.Sessions {
			if s.Created.Seq == r.Seq {
				return true
			}
		}
		return false
	case "deleteArchive":
		return r.Exchange.Status() == 204
	}
	o, _ := f.Decode(AnswerText(r))
	return o.Text("id") != ""
}

// ForeignObject: the call names a session or an archive of another application.
func (f *Facts) ForeignObject(r evidence.Record) bool {
	if h := f.ByID[r.IDs[evidence.Archive]]; h != nil && h.Start.Exchange != nil && !h.Start.SameApp(r) {
		return true
	}
	s := f.Sessions[r.IDs[evidence.Session]]
	return s != nil && s.App != r.IDs[evidence.Application]
}

func (f *Facts) AnyStarted() bool {
	return slices.ContainsFunc(f.Archives, func(h *History) bool { return h.Start.Exchange != nil })
}

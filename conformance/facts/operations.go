package facts

import (
	"slices"

	"reelcheck/conformance/evidence"
)

// RestCall reports whether r calls an operation that REST credentials protect.
func RestCall(r evidence.Record) bool {
	return r.Exchange != nil && slices.Contains([]evidence.Operation{evidence.CreateSession, evidence.StartArchive, evidence.StopArchive, evidence.GetArchive, evidence.ListArchives,
		evidence.DeleteArchive, evidence.SetArchiveLayout, evidence.ChangeArchiveStreams, evidence.ListConnections, evidence.ForceDisconnect,
		evidence.ListStreams, evidence.GetStream, evidence.SetStreamClasses}, r.Exchange.Operation)
}

// Meant reports whether a successful answer also has the body of a success, not just the status.
func (f *Facts) Meant(r evidence.Record) bool {
	switch r.Exchange.Operation {
	case evidence.ListArchives, evidence.ListConnections, evidence.ListStreams:
		o, _ := f.Decode(AnswerText(r))
		_, whole := o.Whole("count")
		return whole
	case evidence.CreateSession:
		for _, s := range f.Sessions {
			if s.Created.Seq == r.Seq {
				return true
			}
		}
		return false
	case evidence.DeleteArchive, evidence.ChangeArchiveStreams, evidence.ForceDisconnect:
		return r.Exchange.Status() == 204
	case evidence.SetArchiveLayout, evidence.SetStreamClasses:
		return r.Exchange.Status() == 200 || r.Exchange.Status() == 204
	default: // an object with its id
		o, _ := f.Decode(AnswerText(r))
		return o.Text("id") != ""
	}
}

// ForeignObject reports whether the call names a session or an archive of another application.
func (f *Facts) ForeignObject(r evidence.Record) bool {
	if h := f.ByID[r.IDs[evidence.Archive]]; h != nil && h.Start.Exchange != nil && !h.Start.SameApp(r) {
		return true
	}
	s := f.Sessions[r.IDs[evidence.Session]]
	return s != nil && s.App != r.IDs[evidence.Application]
}

// AnyStarted reports whether a call has started an archive.
func (f *Facts) AnyStarted() bool {
	return slices.ContainsFunc(f.Archives, func(h *History) bool { return h.Start.Exchange != nil })
}

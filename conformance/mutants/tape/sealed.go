package tape

import (
	"bytes"
	"encoding/json"
	"strings"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/media/individual"
)

// Opened changes the result of decrypting an object.
func Opened(spoil func(*evidence.Opened)) func(*Tape) {
	return func(t *Tape) {
		if r := t.Where(scenarios.Encryption, "opened", func(r *evidence.Record) bool { return r.Opened != nil }); r != nil {
			spoil(r.Opened)
		}
	}
}

// SealedIndividual adds evidence of an encrypted individual archive of an application with a certificate. It is made from
// the evidence of a composed archive and the ZIP of another archive. spoil may be nil.
func SealedIndividual(spoil func(*Tape)) func(*Tape) {
	const id = "11111111-2222-4333-8444-000000000010"
	return func(t *Tape) {
		start, refused := t.Where(scenarios.Encryption, "start", IsExchange), t.Where(scenarios.Encryption, "individual.start", IsExchange)
		fetched := t.Where(scenarios.Encryption, "object", func(r *evidence.Record) bool { return r.Object != nil && r.Object.SHA256 != "" })
		open := t.Where(scenarios.Encryption, "opened", func(r *evidence.Record) bool { return r.Opened != nil })
		plain := t.Where(scenarios.Captures, "object.individual", func(r *evidence.Record) bool { return r.Individual != nil })
		if len(t.Missed) > 0 {
			return
		}
		old := fetched.IDs[evidence.Archive]
		refused.Exchange.Response.Status = 200
		refused.Exchange.Response.Body.Text = strings.NewReplacer(old, id, "composed", "individual").Replace(start.Exchange.Response.Body.Text)
		var added []evidence.Record
		for _, r := range t.Records {
			mine := r.Scenario == scenarios.Encryption && r.IDs[evidence.Archive] == old
			if mine && (r.Opened != nil || r.Object != nil || r.Label == "get.delivered" || Announced(&r) == "uploaded") {
				r = renamed(r, old, id)
				r.Label = "individual." + r.Label
				if r.Object != nil {
					r.Object.Key = strings.Replace(r.Object.Key, "archive.mp4", "archive.zip", 1)
				}
				added = append(added, r)
			}
		}
		broken := individual.Report{Size: fetched.Object.Size, Entries: []individual.Entry{}, Findings: []individual.Finding{{Kind: individual.Broken, Detail: "not a ZIP"}}}
		for _, found := range []struct {
			label, sha, id string
			report         json.RawMessage
		}{{"individual.sealed.individual", fetched.Object.SHA256, "", marshal(broken)}, {"individual.opened.individual", open.Opened.Plain, id, plain.Individual.Report}} {
			r := Copied(*open)
			r.Label, r.Opened, r.IDs[evidence.Archive] = found.label, nil, found.id
			r.Individual = &evidence.Individual{SHA256: found.sha, Report: found.report}
			added = append(added, r)
		}
		t.Records = append(t.Records, added...)
		if spoil != nil {
			spoil(t)
		}
	}
}

// renamed returns a copy of a record with another id in all places of the first.
func renamed(r evidence.Record, from, to string) (c evidence.Record) {
	if err := json.Unmarshal(bytes.ReplaceAll(marshal(r), []byte(from), []byte(to)), &c); err != nil {
		panic("tape: internal error: " + err.Error())
	}
	return c
}

// OpenedIndividual changes the result of decrypting a sealed individual archive.
func OpenedIndividual(spoil func(*evidence.Opened)) func(*Tape) {
	return SealedIndividual(func(t *Tape) {
		if r := t.Where(scenarios.Encryption, "individual.opened", func(r *evidence.Record) bool { return r.Opened != nil }); r != nil {
			spoil(r.Opened)
		}
	})
}

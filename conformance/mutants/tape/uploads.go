package tape

import (
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// FirstUploadOnly removes the refused upload requests but the first.
func FirstUploadOnly(scenario string) func(*Tape) {
	return func(t *Tape) {
		n := 0
		t.Remove("uploads of "+scenario, func(r *evidence.Record) bool {
			if r.Scenario != scenario || r.Upload == nil || r.Upload.Answer < 500 && !r.Upload.Refused {
				return false
			}
			n++
			return n > 1
		})
	}
}

// NoUploadAfter removes the requests from the beginning of a move of the clock on.
func NoUploadAfter(scenario, label string) func(*Tape) {
	return func(t *Tape) {
		if moved := t.Where(scenario, label, IsExchange); moved != nil {
			t.Remove("late uploads of "+scenario, func(r *evidence.Record) bool {
				return r.Scenario == scenario && r.Upload != nil && r.Time.After(moved.Exchange.Started)
			})
		}
	}
}

// LateUpload adds a request for the archive after the scenario's last move of the clock.
func LateUpload(scenario string) func(*Tape) {
	return func(t *Tape) {
		var upload, clock evidence.Record
		for _, r := range t.Records {
			if r.Scenario == scenario && r.Upload != nil && strings.HasSuffix(r.Upload.Path, ".mp4") {
				upload = Copied(r)
			}
			if r.Scenario == scenario && r.Clock != nil {
				clock = r
			}
		}
		if upload.Upload == nil || clock.Clock == nil {
			t.Missed = append(t.Missed, "uploads of "+scenario)
			return
		}
		upload.Time, upload.Seq = clock.Time.Add(time.Millisecond), t.Records[len(t.Records)-1].Seq+1
		t.Records = append(t.Records, upload)
	}
}

// Unencrypted removes what tells that uploads and objects were encrypted by the server.
func Unencrypted(scenario string) func(*Tape) {
	return func(t *Tape) {
		found := false
		for i := range t.Records {
			r := &t.Records[i]
			if r.Scenario != scenario || r.Upload == nil && r.Object == nil {
				continue
			}
			*r = Copied(*r)
			if r.Upload != nil {
				found = found || r.Upload.Encryption != ""
				r.Upload.Encryption = ""
			} else {
				r.Object.Encryption = ""
			}
		}
		if !found {
			t.Missed = append(t.Missed, scenario+" encryption")
		}
	}
}

// NoMail removes the mail of a scenario.
func NoMail(scenario string) func(*Tape) {
	return func(t *Tape) {
		t.Remove("mail of "+scenario, func(r *evidence.Record) bool { return r.Scenario == scenario && r.Mail != nil })
	}
}

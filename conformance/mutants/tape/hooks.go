package tape

import (
	"strings"
	"time"

	"reelcheck/conformance/evidence"
)

// Becomes changes a status in all answers and callbacks of a scenario.
func Becomes(scenario, from, to string) func(*Tape) {
	return func(t *Tape) {
		found := false
		for i := range t.Records {
			r := &t.Records[i]
			if r.Scenario != scenario || r.Webhook == nil && !IsExchange(r) {
				continue
			}
			*r = Copied(*r)
			var body *evidence.Body
			if r.Webhook != nil {
				body = &r.Webhook.Body
			} else {
				body = &r.Exchange.Response.Body
			}
			changed := strings.ReplaceAll(body.Text, `"status":"`+from+`"`, `"status":"`+to+`"`)
			found = found || changed != body.Text
			body.Text = changed
		}
		if !found {
			t.Missed = append(t.Missed, scenario+" status "+from)
		}
	}
}

// DropEvents removes the session callbacks of an event.
func DropEvents(scenario, kind string) func(*Tape) {
	return func(t *Tape) {
		t.Remove(scenario+" "+kind, eventIs(scenario, kind))
	}
}

// DropLastEvent removes the last session callback of an event.
func DropLastEvent(scenario, kind string) func(*Tape) {
	return func(t *Tape) {
		last := t.last(scenario+" "+kind, eventIs(scenario, kind))
		t.Remove(scenario+" "+kind, func(r *evidence.Record) bool { return last != nil && r.Seq == last.Seq })
	}
}

// eventOf returns the event of a session callback.
func eventOf(r *evidence.Record) string {
	var b struct{ Event string }
	if r.Webhook == nil || r.Webhook.Body.Decode(&b) != nil {
		return ""
	}
	return b.Event
}

func eventIs(scenario, kind string) func(*evidence.Record) bool {
	return func(r *evidence.Record) bool { return r.Scenario == scenario && eventOf(r) == kind }
}

// Event changes the first session callback of an event.
func Event(scenario, kind, path string, to func(any) any) func(*Tape) {
	return func(t *Tape) {
		if r := t.first(scenario+" "+kind, eventIs(scenario, kind)); r != nil {
			t.Edit(&r.Webhook.Body, path, to)
		}
	}
}

// LastEvent is Event for the last session callback of an event.
func LastEvent(scenario, kind, path string, to func(any) any) func(*Tape) {
	return func(t *Tape) {
		if r := t.last(scenario+" "+kind, eventIs(scenario, kind)); r != nil {
			t.Edit(&r.Webhook.Body, path, to)
		}
	}
}

// RefusedUntil removes the attempts at callbacks after a time, by the clock that the scenario moved.
func RefusedUntil(scenario string, after time.Duration) func(*Tape) {
	return func(t *Tape) {
		var moved time.Duration
		var late time.Time
		for _, r := range t.Records {
			if r.Scenario == scenario && r.Clock != nil {
				if moved += r.Clock.Skip; moved > after && late.IsZero() {
					late = r.Time
				}
			}
		}
		t.Remove(scenario+" late attempts", func(r *evidence.Record) bool {
			return r.Scenario == scenario && r.Webhook != nil && !late.IsZero() && r.Time.After(late)
		})
	}
}

// SoonerAttempt moves an attempt to just after the one before it.
func SoonerAttempt(scenario string, n int) func(*Tape) {
	return func(t *Tape) {
		var attempts []*evidence.Record
		for i := range t.Records {
			if r := &t.Records[i]; r.Scenario == scenario && Announced(r) == "started" {
				attempts = append(attempts, r)
			}
		}
		if len(attempts) <= n {
			t.Missed = append(t.Missed, scenario+" attempts")
			return
		}
		attempts[n].Time = attempts[n-1].Time.Add(time.Millisecond)
	}
}

// Signature changes the signature of a callback.
func Signature(scenario, authorization string) func(*Tape) {
	return func(t *Tape) {
		if r := t.Callback(scenario, "started"); r != nil {
			r.Webhook.Header.Set("Authorization", authorization)
		}
	}
}

// LastHook changes the last callback that announces a status.
func LastHook(scenario, announces, path string, to func(any) any) func(*Tape) {
	return func(t *Tape) {
		if r := t.last(scenario+" callback "+announces, func(r *evidence.Record) bool { return r.Scenario == scenario && Announced(r) == announces }); r != nil {
			t.Edit(&r.Webhook.Body, path, to)
		}
	}
}

// Put returns an edit that puts a value in place of whatever was there.
func Put(value any) func(any) any { return func(any) any { return value } }

// Overtaken exchanges the callbacks of stopped and uploaded.
func Overtaken(scenario string) func(*Tape) {
	return func(t *Tape) {
		stopped, uploaded := t.Callback(scenario, "stopped"), t.Callback(scenario, "uploaded")
		if stopped != nil && uploaded != nil {
			stopped.Webhook, uploaded.Webhook = uploaded.Webhook, stopped.Webhook
		}
	}
}

// Headed changes the content type of a callback.
func Headed(scenario, announces, contentType string) func(*Tape) {
	return func(t *Tape) {
		if r := t.Callback(scenario, announces); r != nil {
			r.Webhook.Header.Set("Content-Type", contentType)
		}
	}
}

// Misdirected sends a callback to another address.
func Misdirected(scenario, announces string) func(*Tape) {
	return func(t *Tape) {
		if r := t.Callback(scenario, announces); r != nil {
			r.Webhook.Path += "-other"
		}
	}
}

// Again delivers an accepted callback once more, later.
func Again(scenario, announces string) func(*Tape) {
	return func(t *Tape) {
		if r := t.Callback(scenario, announces); r != nil {
			twice := Copied(*r)
			twice.Time = twice.Time.Add(10 * time.Millisecond)
			twice.Seq = t.Records[len(t.Records)-1].Seq + 1
			for i := range t.Records {
				if t.Records[i].Seq == r.Seq {
					t.Records = append(append(append([]evidence.Record{}, t.Records[:i+1]...), twice), t.Records[i+1:]...)
					return
				}
			}
		}
	}
}

// ListedFirst changes the first entry of streams, in the first callback of a start that has any.
func ListedFirst(scenario, key string, value any) func(*Tape) {
	return func(t *Tape) {
		if r := t.first(scenario+" callback of a start with streams", func(r *evidence.Record) bool {
			var b struct{ Streams []any }
			return r.Scenario == scenario && Announced(r) == "started" && r.Webhook.Body.Decode(&b) == nil && len(b.Streams) > 0
		}); r != nil {
			t.Edit(&r.Webhook.Body, "streams.0."+key, Put(value))
		}
	}
}

// StreamRoundedDown has the callback about an addition round down when the stream began. It takes the first stream whose publisher
// asked in the second half of a second, by any clock.
func StreamRoundedDown(scenario string) func(*Tape) {
	const drift = 150 * time.Millisecond // more than tolerance.clock-drift
	return func(t *Tape) {
		asked := map[string]time.Time{} // by connection
		for i := range t.Records {
			var b struct {
				Stream struct{ Connection struct{ ID string } }
			}
			r := &t.Records[i]
			if r.Exchange != nil && r.Exchange.Operation == evidence.PublishStream {
				asked[r.IDs[evidence.Connection]] = r.Exchange.Started
			}
			if r.Scenario != scenario || Announced(r) != "streamAdded" || r.Webhook.Body.Decode(&b) != nil {
				continue
			}
			if at := asked[b.Stream.Connection.ID]; at.Add(-drift).Round(time.Second).After(at) {
				*r = Copied(*r)
				t.Edit(&r.Webhook.Body, "stream.createdAt", Put(at.Truncate(time.Second).UnixMilli()))
				return
			}
		}
		t.Missed = append(t.Missed, scenario+" addition of a stream that began in the second half of a second")
	}
}

// Misnamed gives alice's first event of an end the id of the archive of another start.
func Misnamed(scenario, start string) func(*Tape) {
	return func(t *Tape) {
		var made struct{ ID string }
		if r := t.Where(scenario, start, IsExchange); r == nil || r.Exchange.Response.Body.Decode(&made) != nil {
			return
		}
		Client(scenario, "alice", "archiveStopped", func(r *evidence.Record) { r.IDs[evidence.Archive] = made.ID })(t)
	}
}

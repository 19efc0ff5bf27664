package mutants

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/evidence/scenarios"
	"reelcheck/conformance/judge"
	"reelcheck/conformance/media"
	"reelcheck/conformance/mutants/tape"
	"reelcheck/conformance/mutants/zips"
	"reelcheck/conformance/verdict"
	"reelcheck/fixtures"
	"reelcheck/spec"
)

// harmless is a change that may happen without a fault of the target: the clauses must hold.
type harmless struct {
	what    string
	clauses []string // none for all
	change  func(*tape.Tape)
}

var harmlessChanges = []harmless{
	{"a start of two streams that takes 1.8 s, by a target that counts the file's time from the request",
		[]string{"ARC-LAY-01", "ARC-LAY-02", "ARC-COMP-12"}, slowStart(scenarios.Pair, 1800*time.Millisecond)},
	{"a start of many streams that takes 2 s, by a target that counts the file's time from the request",
		[]string{"ARC-COMP-12", "ARC-COMP-34"}, slowStart(scenarios.Many, 2*time.Second)},
	{"another stream waits behind the one that takes a place", []string{"ARC-IND-03", "ARC-IND-26", "ARC-IND-27"}, zips.Behind("client-51", false)},
	{"an individual archive that is encrypted", []string{"ARC-SEC-02", "ARC-SEC-04", "ARC-SEC-06", "ARC-SEC-07", "ARC-SEC-10"}, tape.SealedIndividual(nil)},
	{"a refused callback is tried again after the next one", []string{"ARC-STAT-09", "ARC-CB-29"}, refused(scenarios.Pair, "started", "stopped")},
	{"a recorder that attaches 0.2 s late in every archive", nil, everyFilm(tape.CutEnds(0.2, 0))},
	{"a recorder that attaches 0.5 s late in every archive", nil, everyFilm(tape.CutEnds(0.5, 0))},
	{"a recorder that ends 0.3 s early in every archive", nil, everyFilm(tape.CutEnds(0, 0.3))},
	{"a recorder that attaches 0.5 s late and shows pictures 0.2 s later than it obeys calls", nil, everyFilm(waiting(0.5, 0.2))},
	{"a recorder that goes on 0.5 s late after a pause", nil, tape.Film(scenarios.Pause, "object.media", resumed(0, 0.5))},
	{"a recorder that goes on 0.7 s late after a pause", []string{"ARC-START-04", "ARC-COMP-12", "ARC-COMP-13", "ARC-COMP-15", "ARC-DUR-04"},
		tape.Film(scenarios.Pause, "object.media", resumed(0, 0.7))},
	{"a recorder that ends 0.4 s early in every archive", nil, everyFilm(tape.CutEnds(0, 0.4))},
	{"a file that does not tell the delay of its audio coder, 2048 samples", []string{"ARC-COMP-14"}, everyFilm(func(r *media.Report) {
		if r.Audio != nil && r.Sound != nil {
			r.Audio.Start = 0
			tape.HeardLater(0.043)(r)
		}
	})},
	{"pictures that stand for 40 ms before they are seen", []string{"ARC-COMP-14"}, everyFilm(func(r *media.Report) {
		if r.Sound != nil {
			tape.HeardLater(-0.040)(r)
		}
	})},
	{"an audio encoder that spends 35 % more on breaks in a tone", []string{"ARC-COMP-05"}, tape.Film(scenarios.Rates, "qp-20.object.media",
		func(r *media.Report) { r.Audio.Bitrate = 172000 })},
	{"a recorder that pauses 0.3 s early", nil, tape.Film(scenarios.Pause, "object.media", resumed(0.3, 0))},
	{"small places of a portrait that are narrower, and divide the space evenly", besides("ARC-LAY-17"), picture(scenarios.Presentations, narrower)},
	{"an encoder of constant rate that begins with a full buffer of a second", nil, tape.Film(scenarios.Rates, "bitrate.object.media", func(r *media.Report) {
		r.Video.PerSecond[0] += r.Video.PerSecond[0] * 8 / 10
	})},
	{"a break of 0.3 s where a stream is published again", []string{"ARC-COMP-24"}, tape.Film(scenarios.FourHours, "beside.object.media", func(r *media.Report) {
		r.Sound.Tones[0].Breaks = []media.Span{{From: 1.2, To: 1.5}}
	})},
	{"a read that crosses the stop and shows what was before", []string{"ARC-STAT-09", "ARC-GET-09"}, crossing(scenarios.Pair, "get.started", "stop")},
	{"an advance to the end of an archive that takes 3 s longer, which are recorded", nil, slowEnd(scenarios.FourHours, "clock.after", 3*time.Second)},
	{"a stop that takes 3 s longer, which are recorded", besides("ARC-GET-09"), tape.All(slowEnd(scenarios.Pair, "stop", 3*time.Second), lasting(scenarios.Pair, 10))},
	{"level 3.1 for full HD", nil, tape.Film(scenarios.FullHD, "1920x1080.object.media", func(r *media.Report) { r.Video.Level = 31 })},
	{"the first picture of another codec leaves 30 ms late", []string{"ARC-IND-23", "ARC-IND-06", "ARC-IND-31"}, lateSwitch("carol", 30*time.Millisecond)},
}

// besides returns all clauses but one.
func besides(id string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(judge.Checks)), func(other string) bool { return other == id })
}

func TestWhatIsHarmlessPasses(t *testing.T) {
	l := ledger(t)
	b := newBench(l, recorded(t))
	for _, h := range slices.Concat(harmlessChanges, harmlessAnswers, harmlessVendors) {
		t.Run(h.what, func(t *testing.T) {
			tape := &tape.Tape{Records: slices.Clone(b.good)}
			h.change(tape)
			if len(tape.Missed) > 0 {
				t.Fatalf("nothing to change at %v", tape.Missed)
			}
			prepared := b.whole.With(evidence.View{}.With(tape.Records))
			clauses := h.clauses
			if clauses == nil {
				clauses = slices.Collect(maps.Keys(judge.Checks))
			}
			for _, id := range clauses {
				cl, _ := l.Clause(id)
				cl.Verify = spec.Checks
				if v := prepared.Judge(cl); v.Outcome != verdict.Pass {
					t.Errorf("%s: %s: %s %v", id, v.Outcome, v.Reason, v.Findings)
				}
			}
		})
	}
	if !reflect.DeepEqual(b.good, recorded(t)) {
		t.Error("a change altered the recorded run itself")
	}
}

// refused adds a refused attempt at a callback, which is tried again right after another one.
func refused(scenario, announces, behind string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		first, next := t.Callback(scenario, announces), t.Callback(scenario, behind)
		if first == nil || next == nil {
			return
		}
		twice := tape.Copied(*first)
		first.Webhook.Answer = 500
		twice.Time, twice.Seq = next.Time.Add(time.Millisecond), t.Records[len(t.Records)-1].Seq+1
		at := slices.IndexFunc(t.Records, func(r evidence.Record) bool { return r.Seq == next.Seq })
		t.Records = slices.Insert(slices.Clone(t.Records), at+1, twice)
	}
}

// crossing answers a read again after a call, as if it had been asked before the call was answered.
func crossing(scenario, read, call string) func(*tape.Tape) {
	return func(t *tape.Tape) {
		old, by := t.Where(scenario, read, tape.IsExchange), t.Where(scenario, call, tape.IsExchange)
		if old == nil || by == nil {
			return
		}
		late, at := tape.Copied(*old), by.Seq
		late.Exchange.Started, late.Exchange.Duration = by.Exchange.Started.Add(by.Exchange.Duration/2), by.Exchange.Duration
		late.Time, late.Seq = by.Time, t.Records[len(t.Records)-1].Seq+1
		i := slices.IndexFunc(t.Records, func(r evidence.Record) bool { return r.Seq == at })
		t.Records = slices.Insert(slices.Clone(t.Records), i+1, late)
	}
}

// narrower makes the pictures at the left edge of a portrait a tenth smaller, in the middle of their places.
func narrower(r *media.Report) {
	tape.Like(func(a *media.Appearance) {
		if a.Rect.X == 0 && a.Rect.Width == 96 {
			dx, dy := a.Rect.Width/10, a.Rect.Height/10
			a.Rect = media.Rect{X: a.Rect.X + dx/2, Y: a.Rect.Y + dy/2, Width: a.Rect.Width - dx, Height: a.Rect.Height - dy}
		}
	})(r)
}

// everyFilm changes the reports on all composed files that hold anything.
func everyFilm(change func(*media.Report)) func(*tape.Tape) {
	return func(t *tape.Tape) {
		for i := range t.Records {
			if r := &t.Records[i]; r.Media != nil && len(r.Media.Report) > 0 {
				*r = tape.Copied(*r)
				t.Show(r, func(found *media.Report) {
					if found.Duration > 0 {
						change(found)
					}
				})
			}
		}
	}
}

// waiting cuts the first seconds of a file, and makes its pictures older than they were by the seconds that they waited.
func waiting(first, seconds float64) func(*media.Report) {
	m, err := fixtures.Load()
	if err != nil {
		panic("mutants: internal error: " + err.Error())
	}
	return func(r *media.Report) {
		tape.CutEnds(first, 0)(r)
		if r.Sound != nil {
			tape.Shifted(func(float64) float64 { return seconds })(r)
		}
		if r.Picture == nil {
			return
		}
		tape.Like(func(a *media.Appearance) {
			if v, err := m.Video(a.ID); err == nil && len(v.Parts) == 1 {
				older := func(mark int) int { return (mark - int(seconds*float64(v.FPS)) + v.Count) % v.Count }
				a.FirstMark, a.LastMark = older(a.FirstMark), older(a.LastMark)
			}
			for i := range a.Beats {
				a.Beats[i].At += seconds
			}
			for i := range a.Freezes {
				a.Freezes[i].From = min(a.Freezes[i].From+seconds, a.Freezes[i].To)
			}
		})(r)
	}
}

// slowStart makes the start of a composed archive take this long. The content of the file moves by the time that it takes longer.
func slowStart(scenario string, long time.Duration) func(*tape.Tape) {
	return func(t *tape.Tape) {
		r := t.Where(scenario, "start", tape.IsExchange)
		if r == nil {
			return
		}
		by := long - r.Exchange.Duration
		r.Exchange.Started = r.Exchange.Started.Add(-by)
		r.Exchange.Duration += by
		tape.Film(scenario, "object.media", func(f *media.Report) { moved(f, by.Seconds()) })(t)
	}
}

// slowEnd makes the call that ends an archive take longer. Whatever comes after it comes later, and the file is longer.
func slowEnd(scenario, label string, by time.Duration) func(*tape.Tape) {
	return func(t *tape.Tape) {
		call := t.Where(scenario, label, tape.IsExchange)
		if call == nil {
			return
		}
		call.Exchange.Duration += by
		for i := range t.Records {
			r := &t.Records[i]
			if r.Scenario != scenario || r.Seq <= call.Seq {
				continue
			}
			*r = tape.Copied(*r)
			r.Time = r.Time.Add(by)
			if r.Exchange != nil {
				r.Exchange.Started = r.Exchange.Started.Add(by)
			}
			if p := r.Published; p != nil {
				p.Last, p.Stopped = p.Last.Add(by), evidence.Span{From: p.Stopped.From.Add(by), To: p.Stopped.To.Add(by)}
			}
		}
		tape.Film(scenario, "object.media", func(f *media.Report) { longer(f, by.Seconds()) })(t)
	}
}

// lasting changes the duration that the archives of a scenario tell, if they tell one.
func lasting(scenario string, seconds int) func(*tape.Tape) {
	return func(t *tape.Tape) {
		t.Archives(func(r *evidence.Record, archive map[string]any) bool {
			counts := r.Scenario == scenario && fmt.Sprint(archive["duration"]) != "0"
			if counts {
				archive["duration"] = seconds
			}
			return counts
		})
	}
}

// longer makes the last that is seen and heard in a file last longer, by seconds.
func longer(f *media.Report, by float64) {
	f.Duration += by
	f.Video.Duration += by
	f.Audio.Duration += by
	f.Sound.Duration += by
	for i := range f.Picture.Appearances {
		if a := &f.Picture.Appearances[i]; a.To > f.Video.Duration-by-1 {
			more := 1 + by/(a.To-a.From)
			a.LastMark = a.FirstMark + int(float64(a.LastMark-a.FirstMark)*more)
			a.Frames = int(float64(a.Frames) * more)
			a.To += by
		}
	}
	for i := range f.Sound.Tones {
		if s := &f.Sound.Tones[i]; s.To > f.Sound.Duration-by-1 {
			s.To += by
		}
	}
}

// moved makes the streams of a file come later, by seconds.
func moved(f *media.Report, by float64) {
	f.Duration += by
	f.Video.Duration += by
	f.Audio.Duration += by
	f.Sound.Duration += by
	later := func(all []media.Beat) {
		for i := range all {
			all[i].At += by
		}
	}
	for i := range f.Picture.Appearances {
		a := &f.Picture.Appearances[i]
		a.From, a.To = a.From+by, a.To+by
		later(a.Beats)
	}
	for i := range f.Sound.Tones {
		s := &f.Sound.Tones[i]
		s.From, s.To = s.From+by, s.To+by
		later(s.Beats)
	}
}

// lateSwitch delays the departure of what a client goes on with. Capture times stay.
func lateSwitch(client string, by time.Duration) func(*tape.Tape) {
	return func(t *tape.Tape) {
		found := false
		for i := range t.Records {
			p := t.Records[i].Published
			if p == nil || t.Records[i].Scenario != scenarios.Interrupted || p.Client != client || p.Codec != "VP9" {
				continue
			}
			late := *p
			late.First, late.Late = p.First.Add(by), max(p.Late, by)
			t.Records[i].Published, found = &late, true
		}
		if !found {
			t.Missed = append(t.Missed, client+" in VP9")
		}
	}
}

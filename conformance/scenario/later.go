package scenario

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"reelcheck/conformance/evidence"
	"reelcheck/conformance/scenario/clock"
	"reelcheck/conformance/scenario/queue"
	"reelcheck/conformance/target/config"
)

// Later is a look at what a scenario left, hours or days after the rest of it. In time deferred, another run may take it: it
// must find what it needs in the evidence.
type Later struct {
	Name    string
	After   time.Duration // how much policy time passes before it, as the flow begins to count it
	Clauses []string      // that it shows, however late it comes
	// Prompt are the clauses that it shows only if it comes in time, or if the suite has listened since the start. A look that
	// has no others cannot be pledged.
	Prompt []string
	Run    func(context.Context, *Flow) error
}

// Take takes the look of that name, when the policy time of the look has passed since the beginning. If the run may not wait for
// it, Take notes that, and in time deferred leaves a pledge. ids name what the look is about.
func (f *Flow) Take(ctx context.Context, name string, began time.Time, ids map[string]string) error {
	look, _ := f.Scenario.look(name)
	at := began.Add(look.After)
	now, err := f.Clock.Now(ctx, "clock."+name+".now")
	if err != nil {
		return err
	}
	if wait := at.Sub(now); !f.Clock.Affords(wait) {
		created := maps.Clone(ids)
		created[evidence.Application] = f.As.App.Path(f.As.Identity)
		for _, r := range look.Missed(f.Target.File, wait, at, created) {
			if err := f.Append(r); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := f.Clock.PassTo(ctx, "clock."+name, at); err != nil {
		return err
	}
	return look.Run(ctx, f)
}

// Missed returns what the evidence says of a look for which the run may not wait: that, and a pledge if f lets a later run take
// it.
func (l Later) Missed(f config.File, wait time.Duration, at time.Time, ids map[string]string) []evidence.Record {
	long := clock.TooLongError{Wait: wait, Longest: f.LongestWait.Or(config.LongestWait)}
	out := []evidence.Record{{Label: l.Name + ".unwaited", Step: &evidence.Step{Outcome: evidence.Unwaited, Text: long.Error(), Clauses: slices.Concat(l.Clauses, l.Prompt)}}}
	if f.Time == config.Deferred && len(l.Clauses) > 0 {
		out = append(out, evidence.Record{Label: l.Name, IDs: ids,
			Pledge: &evidence.Pledge{From: at.UTC(), Clauses: l.Clauses, Needs: "the target file, with the same application, and the network"}})
	}
	return out
}

// Waits returns how long s waits in all for a look.
func (s Scenario) Waits(look Later) time.Duration { return max(s.Wait, look.After) }

// Shows reports whether the look shows the clause.
func (l Later) Shows(clause string) bool {
	return slices.Contains(slices.Concat(l.Clauses, l.Prompt), clause)
}

func (s Scenario) look(name string) (Later, bool) {
	i := slices.IndexFunc(s.Later, func(l Later) bool { return l.Name == name })
	if i < 0 {
		return Later{}, false
	}
	return s.Later[i], true
}

// AnotherError says that a target file does not have the application of a pledge.
type AnotherError struct{ Want, Got string }

func (e *AnotherError) Error() string {
	return fmt.Sprintf("the pledge is about application %s; the target file has another application, %s", e.Want, e.Got)
}

// Redeem takes the look that the pledge of a record names, and writes how it ended. An error means that nothing was redeemed: the
// evidence could not be written, ctx ended, or the target file does not fit, as an [AnotherError] says.
func Redeem(ctx context.Context, env Env, s Scenario, pledge evidence.Record) error {
	f := &Flow{Env: env, Scenario: s, Resumed: true, release: func() {}}
	f.looks = queue.Start(ctx, queue.NewTurns(1))
	look, ok := s.look(pledge.Label)
	err := f.open(ctx)
	switch {
	case err != nil:
		return errors.Join(err, f.looks.Finish())
	case !ok:
		return errors.Join(fmt.Errorf("scenario %s has no look %q in this suite", s.Name, pledge.Label), f.looks.Finish())
	case f.As.App.Path(f.As.Identity) != pledge.IDs[evidence.Application]:
		return errors.Join(&AnotherError{pledge.IDs[evidence.Application], f.As.App.Path(f.As.Identity)}, f.looks.Finish())
	}
	inner, cancel := context.WithTimeout(ctx, s.Within)
	err = look.Run(inner, f)
	cancel()
	if looked := f.looks.Finish(); err == nil {
		err = looked
	}
	if ctx.Err() != nil {
		return ctx.Err() // the pledge stays
	}
	step := ending(err)
	return f.Append(evidence.Record{Label: pledge.Label, IDs: pledge.IDs, Step: &step})
}

package seeded

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Groups divides faults into groups of at most most, in which none can hide another: their clauses are disjoint, and so
// are the functions that they edit.
func Groups(faults []Fault, functions map[string]string, most int) [][]Fault {
	var groups [][]Fault
	for _, f := range faults {
		fits := slices.IndexFunc(groups, func(g []Fault) bool {
			return len(g) < most && !slices.ContainsFunc(g, func(other Fault) bool { return hide(f, other, functions) })
		})
		if fits < 0 {
			groups, fits = append(groups, nil), len(groups)
		}
		groups[fits] = append(groups[fits], f)
	}
	return groups
}

func hide(f, other Fault, functions map[string]string) bool {
	return f.Alone || other.Alone || functions[f.Name] == functions[other.Name] || slices.ContainsFunc(f.clauses(), other.named)
}

// Failed has the failed clauses of a run, with what was found.
type Failed map[string]string

// Hunt judges faults. Its fields must be set.
type Hunt struct {
	// Judge runs the suite against the server with these faults, and judges these clauses; all if there are none.
	Judge     func(ctx context.Context, faults []Fault, clauses []string) (Failed, error)
	Functions map[string]string
	Most      int  // faults in a run
	Narrow    bool // judge only the clauses that the faults name, by the scenarios that show them: quicker, and blind to false alarms
	Log       io.Writer
}

// Tally is the result of a hunt.
type Tally struct{ Faults, Caught, ByOtherClause, Survived, FalseAlarms int }

// String returns the last line of a hunt.
func (t Tally) String() string {
	return fmt.Sprintf("seeded: faults=%d caught=%d by_other_clause=%d survived=%d false_alarms=%d", t.Faults, t.Caught, t.ByOtherClause, t.Survived, t.FalseAlarms)
}

// Good reports whether everything was caught, and nothing else.
func (t Tally) Good() bool { return t.Caught == t.Faults && t.FalseAlarms == 0 }

// course is a hunt under way.
type course struct {
	Hunt
	tally   Tally
	clean   Failed            // what failed without a fault
	instead map[string]Failed // by fault: what failed beside its clause, or in its place
}

// pass is a turn of judging what the ones before have missed.
type pass struct {
	most   int  // faults in a run
	narrow bool // judge only the clauses that they name
}

// passes returns the turns. The last one has all scenarios: the fault may show in another one than the clause asks for by itself.
func (h Hunt) passes() []pass {
	all := []pass{{h.Most, h.Narrow}, {1, h.Narrow}}
	if h.Narrow {
		all = append(all, pass{1, false})
	}
	return all
}

// Run judges the server without a fault, then all faults in groups, and each one that was missed again by itself.
func (h Hunt) Run(ctx context.Context, faults []Fault) (Tally, error) {
	clean, err := h.Judge(ctx, nil, wanted(faults, h.Narrow))
	if err != nil {
		return Tally{}, err
	}
	c := course{Hunt: h, tally: Tally{Faults: len(faults), FalseAlarms: len(clean)}, clean: clean, instead: map[string]Failed{}}
	if len(clean) > 0 {
		h.say("false alarms without a fault:%s", described(clean))
	}
	missed := faults
	for _, p := range h.passes() {
		var again []Fault
		for _, g := range Groups(missed, h.Functions, p.most) {
			m, err := c.judge(ctx, g, p)
			if err != nil {
				return c.tally, err
			}
			again = append(again, m...)
		}
		missed = again
	}
	for _, f := range missed {
		outcome := "survived"
		if len(c.instead[f.Name]) > 0 {
			outcome = "by other clause"
			c.tally.ByOtherClause++
		} else {
			c.tally.Survived++
		}
		h.say("%s: %s: %s did not fail (%s)%s", outcome, f.Name, f.Clause, f.Why, described(c.instead[f.Name]))
	}
	return c.tally, nil
}

// wanted returns the clauses to judge with these faults.
func wanted(faults []Fault, narrow bool) []string {
	if !narrow {
		return nil
	}
	var ids []string
	for _, f := range faults {
		ids = append(ids, f.clauses()...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// judge judges one group. It returns the faults whose clause did not fail, counts the others, and notes what failed that
// no fault of the group names. A group that cannot be judged is missed as a whole, if it may be.
func (c *course) judge(ctx context.Context, g []Fault, p pass) (missed []Fault, err error) {
	failed, err := c.Judge(ctx, g, wanted(g, p.narrow))
	if err != nil {
		if p.most > 1 && ctx.Err() == nil {
			c.say("not judged: %s: %v", Names(g), err)
			return g, nil
		}
		return nil, fmt.Errorf("%s: %w", Names(g), err)
	}
	for id := range c.clean {
		delete(failed, id)
	}
	unnamed := maps.Clone(failed)
	for _, f := range g {
		if failed[f.Clause] != "" {
			c.tally.Caught++
			c.say("caught: %s: %s: %s", f.Name, f.Clause, failed[f.Clause])
		} else {
			missed = append(missed, f)
		}
		for _, id := range f.clauses() {
			if id != f.Clause && failed[id] != "" {
				c.note(f, id, failed[id])
			}
			delete(unnamed, id)
		}
	}
	if len(unnamed) == 0 || c.Narrow {
		return missed, nil
	}
	return missed, c.blame(ctx, g, unnamed)
}

// blame finds the faults that make the unnamed clauses fail. What no fault brings about by itself is a false alarm.
func (c *course) blame(ctx context.Context, g []Fault, unnamed Failed) error {
	left := maps.Clone(unnamed)
	err := c.halve(ctx, g, unnamed, left)
	for _, id := range slices.Sorted(maps.Keys(left)) {
		c.tally.FalseAlarms++
		c.say("false alarm with %s: %s: %s", Names(g), id, left[id])
	}
	return err
}

// halve judges some clauses with the faults of g, and with ever fewer of them as long as some fail. It removes from left
// what a single fault makes fail.
func (c *course) halve(ctx context.Context, g []Fault, among, left Failed) error {
	failed, err := c.Judge(ctx, g, slices.Sorted(maps.Keys(among)))
	if err != nil || len(failed) == 0 {
		return err
	}
	if half := len(g) / 2; half > 0 {
		if err := c.halve(ctx, g[:half], failed, left); err != nil {
			return err
		}
		return c.halve(ctx, g[half:], failed, left)
	}
	for id, text := range failed {
		c.note(g[0], id, text)
		delete(left, id)
	}
	c.say("unnamed: %s also breaks%s", g[0].Name, described(failed))
	return nil
}

func (c *course) note(f Fault, clause, text string) {
	if c.instead[f.Name] == nil {
		c.instead[f.Name] = Failed{}
	}
	c.instead[f.Name][clause] = text
}

func (h Hunt) say(format string, args ...any) { fmt.Fprintf(h.Log, format+"\n", args...) }

// Names returns the names of faults as FAULTS takes them.
func Names(faults []Fault) string {
	var list []string
	for _, f := range faults {
		list = append(list, f.Name)
	}
	return strings.Join(list, ",")
}

func described(failed Failed) string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(failed)) {
		fmt.Fprintf(&b, "\n    %s: %s", id, failed[id])
	}
	return b.String()
}

package spec

import "slices"

// Example is a worked example of a layout: where a picture of a size shows these streams.
type Example struct {
	Name    string
	Layout  Layout
	Size    string // empty: the default resolution
	Streams []ExampleStream
	Places  []*Place // of the streams, nil for one that is not seen; empty if Order is given
	Order   []int    // what is seen, as numbers of the streams from 1, if only that is known
	Cover   []int    // numbers of the streams that fill their places and are cut off
	Clauses []string
}

// Layout is a layout as a request states it.
type Layout struct {
	Type            string
	Stylesheet      string
	ScreenshareType string `yaml:"screenshareType"`
}

// ExampleStream holds what the place of a stream depends on. A stream without Client has a client of its own.
type ExampleStream struct {
	Client  string
	Classes []string
	Screen  bool
}

// Place is x, y, width and height in pixels.
type Place [4]int

func (v *validator) examples() {
	unique(v, "example", v.Examples, func(e Example) string { return e.Name })
	layouts, sizes := v.values("layout"), v.values("resolution")
	for _, e := range v.Examples {
		where := "example " + e.Name
		v.references(where, e.Clauses)
		if !slices.Contains(layouts, e.Layout.Type) {
			v.failf("%s: type is %q, want one of %q", where, e.Layout.Type, layouts)
		}
		if e.Size != "" && !slices.Contains(sizes, e.Size) {
			v.failf("%s: size is %q, want one of %q", where, e.Size, sizes)
		}
		if (e.Places == nil) == (e.Order == nil) {
			v.failf("%s: either places or order must be given", where)
		}
		if e.Places != nil && len(e.Places) != len(e.Streams) {
			v.failf("%s: %d places for %d streams", where, len(e.Places), len(e.Streams))
		}
		for _, n := range slices.Concat(e.Order, e.Cover) {
			if n < 1 || n > len(e.Streams) {
				v.failf("%s: there is no stream %d", where, n)
			}
		}
	}
}

func (v *validator) values(list string) []string {
	l, _ := v.List(list)
	return l.Values
}

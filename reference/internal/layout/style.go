package layout

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// pixels are counted in 1/64 of a pixel, as in browsers.
type pixels int64

const pixel pixels = 64

// farthest is the maximum length, as in browsers. It is larger than every picture and so small that sums cannot overflow.
const farthest = 1 << 25 * pixel

// length is the value of a declaration about a size: unset, a number of pixels, or a percentage.
type length struct {
	set, percent bool
	value        float64
}

func (l length) of(base pixels) pixels {
	v := l.value * float64(pixel)
	if l.percent {
		v = l.value * float64(base) / 100
	}
	// A little is added, so that 20 % of 640 is not less than 128.
	return pixels(math.Floor(max(-float64(farthest), min(float64(farthest), v+1e-6))))
}

// style is the computed style of a stream.
type style struct {
	lengths  map[string]length
	keywords map[string]string
	z        int
}

func (s style) is(property, value string) bool { return s.keywords[property] == value }

// declaration sets one property. A shorthand becomes several.
type declaration struct {
	property string
	length   length
	keyword  string
	z        int
}

var sides = []string{"top", "right", "bottom", "left"}

// keywords lists the properties with words as values (ARC-LAY-10).
var keywords = map[string][]string{
	"position":   {"relative", "absolute"},
	"display":    {"inline", "block", "inline-block"},
	"float":      {"none", "left", "right"},
	"clear":      {"none", "left", "right", "both", "initial", "inherit"},
	"object-fit": {"contain", "cover"},
	"overflow":   {"hidden"},
}

// lengths lists the properties with lengths as values, and whether they may be negative (ARC-LAY-10).
var lengths = map[string]bool{
	"width": false, "height": false, "min-width": false, "min-height": false, "max-width": false, "max-height": false,
	"left": true, "right": true, "top": true, "bottom": true,
	"margin-left": true, "margin-right": true, "margin-top": true, "margin-bottom": true,
}

func parseDeclaration(tokens []token) ([]declaration, error) {
	if tokens[0].kind != css.IdentToken {
		return nil, errors.New("this is no declaration")
	}
	property := strings.ToLower(tokens[0].text)
	rest := skipSpace(tokens[1:])
	if len(rest) == 0 || rest[0].kind != css.ColonToken {
		return nil, errors.New("a colon is missing after the property")
	}
	var values []token
	for _, t := range rest[1:] {
		if t.kind != css.WhitespaceToken {
			values = append(values, t)
		}
	}
	if property == "margin" {
		return parseMargin(values)
	}
	if len(values) != 1 {
		return nil, errors.New("one value is expected")
	}
	d, err := parseValue(property, values[0])
	return []declaration{d}, err
}

func parseValue(property string, t token) (declaration, error) {
	d := declaration{property: property}
	var err error
	if words, ok := keywords[property]; ok {
		d.keyword = strings.ToLower(t.text)
		if t.kind != css.IdentToken || !slices.Contains(words, d.keyword) {
			return d, fmt.Errorf("the value must be one of %s", strings.Join(words, ", "))
		}
		if d.keyword == "initial" || d.keyword == "inherit" { // the picture itself has the initial value too
			d.keyword = "none"
		}
		return d, nil
	}
	if negative, ok := lengths[property]; ok {
		d.length, err = parseLength(t, negative)
		return d, err
	}
	if property != "z-index" { // ARC-LAY-14
		return d, errors.New("this property is not supported")
	}
	d.z, err = strconv.Atoi(t.text)
	if t.kind != css.NumberToken || err != nil || d.z < 0 || d.z > math.MaxInt32 {
		return d, errors.New("the value must be a whole number, 0 or more")
	}
	return d, nil
}

// parseMargin parses the shorthand: all sides; top and bottom, left and right; top, left and right, bottom; or clockwise from the top.
func parseMargin(values []token) ([]declaration, error) {
	if len(values) < 1 || len(values) > 4 {
		return nil, errors.New("1 to 4 values are expected")
	}
	var list []declaration
	for i, side := range sides {
		if i >= len(values) {
			i = max(0, i-2)
		}
		d, err := parseValue("margin-"+side, values[min(i, len(values)-1)])
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, nil
}

func parseLength(t token, negative bool) (length, error) {
	number, unit := t.text, strings.ToLower(t.text)
	l := length{set: true}
	switch {
	case t.kind == css.PercentageToken:
		l.percent = true
		number = strings.TrimSuffix(number, "%")
	case t.kind == css.DimensionToken && strings.HasSuffix(unit, "px"):
		number = number[:len(number)-2]
	case t.kind != css.NumberToken:
		return l, errors.New("the value must be in px or %")
	}
	var err error
	l.value, err = strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
		return l, errors.New("the value must be in px or %")
	case t.kind == css.NumberToken && l.value != 0:
		return l, errors.New("px or % is missing")
	case l.value < 0 && !negative:
		return l, errors.New("the value must not be negative")
	}
	return l, nil
}

// weight is the specificity of a rule for a stream: that of its most specific selector that selects the stream.
type weight struct{ classes, elements int }

func (w weight) compare(v weight) int {
	return cmp.Or(cmp.Compare(w.classes, v.classes), cmp.Compare(w.elements, v.elements))
}

// weigh returns for each sibling whether the rule applies, and with which weight.
func (r rule) weigh(siblings []Stream) (applies []bool, weights []weight) {
	applies, weights = make([]bool, len(siblings)), make([]weight, len(siblings))
	for _, sel := range r.selectors {
		w := sel.weight()
		for i, matched := range sel.match(siblings) {
			if matched && (!applies[i] || w.compare(weights[i]) > 0) {
				applies[i], weights[i] = true, w
			}
		}
	}
	return applies, weights
}

// styles computes the style of every stream. Of the rules that apply, the more specific one wins, then the later one.
func (s sheet) styles(streams []Stream) []style {
	type applied struct {
		weight
		declarations []declaration
	}
	of := make([][]applied, len(streams))
	for _, r := range s {
		applies, weights := r.weigh(streams)
		for i := range streams {
			if applies[i] {
				of[i] = append(of[i], applied{weights[i], r.declarations})
			}
		}
	}
	styles := make([]style, len(streams))
	for i, list := range of {
		slices.SortStableFunc(list, func(a, b applied) int { return a.compare(b.weight) }) // ARC-LAY-10
		st := style{lengths: map[string]length{}, keywords: map[string]string{}}
		for _, a := range list {
			for _, d := range a.declarations {
				st.set(d)
			}
		}
		styles[i] = st
	}
	return styles
}

func (s *style) set(d declaration) {
	switch {
	case d.keyword != "":
		s.keywords[d.property] = d.keyword
	case d.length.set:
		s.lengths[d.property] = d.length
	default:
		s.z = d.z
	}
}

package layout

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// selector is a chain of compounds with sibling combinators between them.
type selector struct {
	compounds []compound
	joins     []string // "+" or "~" before compounds[i+1]
}

// compound is a condition on one stream.
type compound struct {
	element   bool // has the element name stream
	classes   []string
	positions []position
}

// position is an :nth-child or :nth-last-child. It matches if the child's number is step*k + offset for some k >= 0.
type position struct {
	step, offset int
	fromLast     bool
}

// weight returns the selector's specificity: classes and positions count more than the element's name.
func (s selector) weight() (w weight) {
	for _, c := range s.compounds {
		w.classes += len(c.classes) + len(c.positions)
		if c.element {
			w.elements++
		}
	}
	return w
}

// match returns for each sibling whether the selector selects it.
func (s selector) match(siblings []Stream) []bool {
	matched := make([]bool, len(siblings))
	for k, c := range s.compounds {
		next := make([]bool, len(siblings))
		earlier := false // a sibling before i has matched
		for i, st := range siblings {
			before := k == 0
			if k > 0 && s.joins[k-1] == "+" {
				before = i > 0 && matched[i-1]
			} else if k > 0 {
				before = earlier
			}
			next[i] = before && c.match(st, i+1, len(siblings))
			earlier = earlier || matched[i]
		}
		matched = next
	}
	return matched
}

func (c compound) match(s Stream, number, of int) bool {
	for _, class := range c.classes {
		if !slices.Contains(s.Classes, class) {
			return false
		}
	}
	for _, p := range c.positions {
		n := number
		if p.fromLast {
			n = of + 1 - number
		}
		n -= p.offset
		if p.step == 0 && n != 0 || p.step != 0 && (n%p.step != 0 || n/p.step < 0) {
			return false
		}
	}
	return true
}

var errCombinator = errors.New("only the combinators + and ~ are supported")

func parseSelector(tokens []token) (selector, error) {
	var s selector
	for {
		c, rest, err := parseCompound(tokens)
		if err != nil {
			return s, err
		}
		s.compounds = append(s.compounds, c)
		if len(s.compounds) > maxCompounds {
			return s, fmt.Errorf("at most %d streams can be joined in one selector", maxCompounds)
		}
		if len(rest) == 0 {
			return s, nil
		}
		rest = skipSpace(rest)
		if !rest[0].is("+") && !rest[0].is("~") {
			return s, errCombinator // ARC-LAY-14
		}
		s.joins = append(s.joins, rest[0].text)
		tokens = skipSpace(rest[1:])
	}
}

func parseCompound(tokens []token) (c compound, rest []token, err error) {
	if len(tokens) == 0 {
		return c, nil, errors.New("a selector is missing")
	}
	rest = tokens
	if rest[0].kind == css.IdentToken {
		if !strings.EqualFold(rest[0].text, "stream") { // ARC-LAY-14
			return c, nil, fmt.Errorf("the only element is stream, not %s", source(rest[:1]))
		}
		c.element, rest = true, rest[1:]
	}
	for len(rest) > 0 {
		switch {
		case rest[0].is(".") && len(rest) > 1 && rest[1].kind == css.IdentToken:
			if strings.Contains(rest[1].text, `\`) {
				return c, nil, errors.New("escapes are not supported")
			}
			c.classes = append(c.classes, rest[1].text)
			rest = rest[2:]
		case rest[0].kind == css.ColonToken:
			var p position
			if p, rest, err = parsePosition(rest[1:]); err != nil {
				return c, nil, err
			}
			c.positions = append(c.positions, p)
		case rest[0].kind == css.WhitespaceToken || rest[0].is("+") || rest[0].is("~"):
			return c, rest, c.check()
		default:
			return c, nil, fmt.Errorf("%s is not supported; use stream, classes, :first-child, :last-child, :nth-child(), :nth-last-child()", source(rest[:1]))
		}
	}
	return c, nil, c.check()
}

func (c compound) check() error {
	if !c.element && len(c.classes)+len(c.positions) == 0 {
		return errors.New("a selector is missing")
	}
	return nil
}

// parsePosition parses a pseudo-class after its colon.
func parsePosition(tokens []token) (p position, rest []token, err error) {
	errPosition := errors.New("the only pseudo-classes are :first-child, :last-child, :nth-child(), :nth-last-child()")
	if len(tokens) == 0 {
		return p, nil, errPosition
	}
	switch strings.ToLower(tokens[0].text) {
	case "first-child":
		return position{offset: 1}, tokens[1:], nil
	case "last-child":
		return position{offset: 1, fromLast: true}, tokens[1:], nil
	case "nth-child(":
	case "nth-last-child(":
		p.fromLast = true
	default:
		return p, nil, errPosition
	}
	end := slices.IndexFunc(tokens, func(t token) bool { return t.kind == css.RightParenthesisToken })
	if end < 0 {
		return p, nil, errPosition
	}
	var argument strings.Builder
	for _, t := range tokens[1:end] {
		argument.WriteString(t.text)
	}
	p.step, p.offset, err = parseNth(strings.ToLower(strings.TrimSpace(argument.String())))
	return p, tokens[end+1:], err
}

// nth is An+B of CSS Selectors. Numbers have few digits, so that they cannot overflow.
var nth = regexp.MustCompile(`^(?:([+-]?\d{0,6})n(?:\s*([+-])\s*(\d{1,6}))?|([+-]?\d{1,6}))$`)

func parseNth(text string) (step, offset int, err error) {
	switch text {
	case "even":
		return 2, 0, nil
	case "odd":
		return 2, 1, nil
	}
	m := nth.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("%q is not a position: a number, odd, even, or like 2n+1", text)
	}
	if m[4] != "" {
		offset, err = strconv.Atoi(m[4])
		return 0, offset, err
	}
	switch m[1] {
	case "", "+":
		step = 1
	case "-":
		step = -1
	default:
		if step, err = strconv.Atoi(m[1]); err != nil {
			return 0, 0, err
		}
	}
	if m[3] != "" {
		offset, err = strconv.Atoi(m[2] + m[3])
	}
	return step, offset, err
}

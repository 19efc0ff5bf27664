package layout

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// Limits of a style sheet.
const (
	MaxStylesheet = 64 << 10 // in bytes
	maxRules      = 500
	maxSelectors  = 1000
	maxCompounds  = 16 // in one selector
)

// sheet is a style sheet in the published subset of CSS. Anything else is refused, not ignored: a recording cannot be repeated, so it must not
// silently get another layout than its author meant.
type sheet []rule

type rule struct {
	selectors    []selector
	declarations []declaration
}

// token is a token of CSS. Comments are removed.
type token struct {
	kind css.TokenType
	text string
}

func (t token) is(delim string) bool { return t.kind == css.DelimToken && t.text == delim }

func parseSheet(text string) (sheet, error) {
	if len(text) > MaxStylesheet { // ARC-LAY-14
		return nil, fmt.Errorf("must have at most %d bytes, got %d", MaxStylesheet, len(text))
	}
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	var s sheet
	selectors := 0
	for {
		if tokens = skipSpace(tokens); len(tokens) == 0 {
			return s, nil
		}
		var r rule
		if r, tokens, err = parseRule(tokens); err != nil {
			return nil, err
		}
		s = append(s, r)
		selectors += len(r.selectors)
		if len(s) > maxRules || selectors > maxSelectors { // ARC-LAY-14
			return nil, fmt.Errorf("must have at most %d rules and %d selectors", maxRules, maxSelectors)
		}
	}
}

func tokenize(text string) ([]token, error) {
	lexer := css.NewLexer(parse.NewInputString(text))
	var tokens []token
	for {
		kind, data := lexer.Next()
		switch kind {
		case css.ErrorToken:
			if err := lexer.Err(); !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("cannot be read: %w", err)
			}
			return tokens, nil
		case css.CommentToken:
			if len(data) < 4 || !strings.HasSuffix(string(data), "*/") {
				return nil, errors.New("has a comment without end")
			}
		default:
			tokens = append(tokens, token{kind, string(data)})
		}
	}
}

func skipSpace(tokens []token) []token {
	for len(tokens) > 0 && tokens[0].kind == css.WhitespaceToken {
		tokens = tokens[1:]
	}
	return tokens
}

func trimSpace(tokens []token) []token {
	tokens = skipSpace(tokens)
	for len(tokens) > 0 && tokens[len(tokens)-1].kind == css.WhitespaceToken {
		tokens = tokens[:len(tokens)-1]
	}
	return tokens
}

// source returns tokens as text, for messages.
func source(tokens []token) string {
	const most = 80
	var b strings.Builder
	for _, t := range trimSpace(tokens) {
		b.WriteString(t.text)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return fmt.Sprintf("%q", text)
}

// split splits tokens at every token of a kind.
func split(tokens []token, at css.TokenType) [][]token {
	var parts [][]token
	from := 0
	for i, t := range tokens {
		if t.kind == at {
			parts = append(parts, tokens[from:i])
			from = i + 1
		}
	}
	return append(parts, tokens[from:])
}

// parseRule parses a rule at the beginning of tokens and returns the rest.
func parseRule(tokens []token) (r rule, rest []token, err error) {
	if tokens[0].kind == css.AtKeywordToken { // ARC-LAY-14
		return r, nil, fmt.Errorf("has %s; at-rules are not supported", source(tokens[:1]))
	}
	begin := 0
	for begin < len(tokens) && tokens[begin].kind != css.LeftBraceToken {
		begin++
	}
	end := begin
	for end < len(tokens) && tokens[end].kind != css.RightBraceToken {
		end++
	}
	prelude := tokens[:begin]
	if end == len(tokens) {
		return r, nil, fmt.Errorf("has a rule without its braces: %s", source(prelude))
	}
	for _, part := range split(prelude, css.CommaToken) {
		s, err := parseSelector(trimSpace(part))
		if err != nil {
			return r, nil, fmt.Errorf("has the selector %s: %w", source(prelude), err)
		}
		r.selectors = append(r.selectors, s)
	}
	for _, part := range split(tokens[begin+1:end], css.SemicolonToken) {
		if part = trimSpace(part); len(part) == 0 {
			continue
		}
		list, err := parseDeclaration(part)
		if err != nil {
			return r, nil, fmt.Errorf("has in the rule %s: %s: %w", source(prelude), source(part), err)
		}
		r.declarations = append(r.declarations, list...)
	}
	return r, tokens[end+1:], nil
}

package spec

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// judging are the packages that decide verdicts.
var judging = regexp.MustCompile(`^\.\./conformance/(check|facts|expect)/`)

// TestChecksTakeLimitsFromTheLedger checks that no number of time, and no fraction, stands in the code of the checks; that
// the limits that they name exist; and that every tolerance is one of theirs.
func TestChecksTakeLimitsFromTheLedger(t *testing.T) {
	l, named, files := load(t), map[string]bool{}, 0
	texts(t, func(path, text string) {
		if !judging.MatchString(filepath.ToSlash(path)) || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return
		}
		files++
		numbers, limits, err := literals(path, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range numbers {
			t.Errorf("%s: make it a row of limits.yaml, or a constant with a comment that says why it is no limit", n)
		}
		for _, name := range limits {
			named[name] = true
		}
		for _, m := range regexp.MustCompile(`\.(?:Limit|Number|Share)\("([^"]*)"\)`).FindAllStringSubmatch(text, -1) {
			if _, ok := l.Limit(m[1]); !ok {
				t.Errorf("%s: limit %q does not exist", path, m[1])
			}
		}
	})
	if files < 50 {
		t.Errorf("looked into %d files, want those of all checks", files)
	}
	named["tolerance.token-leeway"] = true // the harness's expired tokens are older than that
	for _, limit := range l.Limits {
		if strings.HasPrefix(limit.Name, "tolerance.") && !named[limit.Name] {
			t.Errorf("limits.yaml: no check applies %s", limit.Name)
		}
	}
}

// literals returns where in a file numbers stand that look like limits, and the strings of the file.
func literals(path, text string) (numbers, strs []string, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
	if err != nil {
		return nil, nil, err
	}
	var above []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return true
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			strs = append(strs, constant.StringVal(constant.MakeFromLiteral(lit.Value, token.STRING, 0)))
		}
		if isNumber(n) && !converts(n, above[len(above)-1]) && !excused(above) {
			numbers = append(numbers, fmt.Sprint(fset.Position(n.Pos())))
		}
		above = append(above, n)
		return true
	})
	return numbers, strs, nil
}

// isNumber reports whether a node is a fraction, or a unit of time.
func isNumber(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		return n.Kind == token.FLOAT && constant.Sign(constant.MakeFromLiteral(n.Value, token.FLOAT, 0)) != 0
	case *ast.SelectorExpr:
		of, ok := n.X.(*ast.Ident)
		return ok && of.Name == "time" && slices.Contains([]string{"Hour", "Minute", "Second", "Millisecond", "Microsecond"}, n.Sel.Name)
	}
	return false
}

// converts reports whether a unit of time only turns a number into a time, or rounds one for people.
func converts(n, parent ast.Node) bool {
	switch p := parent.(type) {
	case *ast.CallExpr: // at.Round(time.Millisecond)
		f, ok := p.Fun.(*ast.SelectorExpr)
		return ok && f.Sel.Name == "Round"
	case *ast.BinaryExpr: // time.Duration(n) * time.Second
		x := p.X
		if negated, ok := x.(*ast.UnaryExpr); ok {
			x = negated.X
		}
		call, ok := x.(*ast.CallExpr)
		return ok && p.Y == n && types.ExprString(call.Fun) == "time.Duration"
	}
	return false
}

// excused reports whether a node stands in a constant whose comment says that it is no limit.
func excused(above []ast.Node) bool {
	return slices.ContainsFunc(above, func(n ast.Node) bool {
		var comments []*ast.CommentGroup
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				comments = append(comments, n.Doc)
			}
		case *ast.ValueSpec:
			comments = append(comments, n.Doc, n.Comment)
		}
		return slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool {
			return strings.Contains(strings.Join(strings.Fields(c.Text()), " "), "no limit")
		})
	})
}

func TestLiterals(t *testing.T) {
	for code, want := range map[string]int{
		"func f() { g(x < 0.3) }":                         1,
		"func f() { g(0.0, 12, \"0.5\") }":                0,
		"func f() { g(2 * time.Second, time.Hour) }":      2,
		"func f() { g(at.Add(-time.Second)) }":            1,
		"func f() { g(time.Duration(n) * time.Second) }":  0,
		"func f() { g(-time.Duration(n) * time.Second) }": 0,
		"func f() { g(at.Round(time.Millisecond)) }":      0,
		"const x = 0.5":                        1,
		"// x is\n// no limit.\nconst x = 0.5": 0,
		"func f() { const x = time.Hour // no limit: a step\n g(x) }": 0,
		"// There is no limit.\nvar x = 0.5":                          1,
	} {
		numbers, _, err := literals("x.go", "package x\n\n"+code)
		if err != nil || len(numbers) != want {
			t.Errorf("%s: got %v, %v, want %d", code, numbers, err, want)
		}
	}
}

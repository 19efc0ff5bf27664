package evidence

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"go.yaml.in/yaml/v3"

	"reelcheck/spec"
)

// Every operation that is spoken of is one of the API description.
func TestOperationsAreDescribed(t *testing.T) {
	var api struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	if err := yaml.Unmarshal(spec.OpenAPI, &api); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, methods := range api.Paths {
		for _, node := range methods {
			var operation struct {
				ID string `yaml:"operationId"`
			}
			if node.Kind == yaml.MappingNode && node.Decode(&operation) == nil {
				described[operation.ID] = true
			}
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "operation.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			named++
			if id, err := strconv.Unquote(l.Value); err != nil || !described[id] {
				t.Errorf("%s is no operation of openapi.yaml", l.Value)
			}
		}
		return true
	})
	if named < 20 {
		t.Errorf("%d operations named, want at least 20", named)
	}
}

package judge

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed follows.yaml
var followsText []byte

// earlier has, for each clause, the clauses whose breach explains what its check finds, the first ones first.
var earlier = func() map[string][]string {
	above, err := ladders(followsText)
	if err != nil {
		panic("judge: internal error: follows.yaml: " + err.Error())
	}
	return above
}()

// Earlier returns the clauses whose breach may explain what the check of a clause finds.
func Earlier(clause string) []string { return earlier[clause] }

// ladders reads follows.yaml. It returns, for each clause, those on the lines above it in any ladder.
func ladders(text []byte) (map[string][]string, error) {
	var named map[string][]string
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&named); err != nil {
		return nil, err
	}
	above := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		var over []string
		for _, line := range named[name] {
			var here []string
			for _, word := range strings.Fields(line) {
				here = append(here, "ARC-"+word)
			}
			for _, id := range here {
				if slices.Contains(over, id) {
					return nil, fmt.Errorf("%s stands in %s twice", id, name)
				}
				for _, up := range over {
					if !slices.Contains(above[id], up) {
						above[id] = append(above[id], up)
					}
				}
			}
			over = append(over, here...)
		}
	}
	return above, nil
}

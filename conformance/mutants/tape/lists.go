package tape

import (
	"encoding/json"
	"time"
)

// Millis reads a time in Unix milliseconds.
func Millis(v any) time.Time {
	ms, _ := v.(json.Number).Int64()
	return time.UnixMilli(ms)
}

// Swap exchanges two items of a list.
func Swap(scenario, label string, i, j int) func(*Tape) {
	return Change(scenario, label, "items", func(old any) any {
		items, _ := old.([]any)
		if len(items) <= max(i, j) {
			return old
		}
		out := append([]any{}, items...)
		out[i], out[j] = out[j], out[i]
		return out
	})
}

// NoURLs takes the URLs out of a list.
func NoURLs(scenario, label string) func(*Tape) {
	return Change(scenario, label, "items", func(old any) any {
		items, _ := old.([]any)
		for _, item := range items {
			if a, ok := item.(map[string]any); ok {
				a["url"] = nil
			}
		}
		return items
	})
}

// WithoutLast leaves out the last item.
func WithoutLast(list any) any {
	items, _ := list.([]any)
	return items[:len(items)-1]
}

// Reanswer answers one request with the answer to another.
func Reanswer(scenario, from, to string) func(*Tape) {
	return func(t *Tape) {
		a, b := t.Where(scenario, from, IsExchange), t.Where(scenario, to, IsExchange)
		if a != nil && b != nil {
			b.Exchange.Response.Body = a.Exchange.Response.Body
		}
	}
}

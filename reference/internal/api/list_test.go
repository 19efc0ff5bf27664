package api

import (
	"testing"

	"reelcheck/reference/internal/archive"
)

func TestStatusOfLists(t *testing.T) {
	for query, want := range map[string]archive.Status{"": "", "count=1": "", "status=started": archive.Started, "status=expired": archive.Expired} {
		if q, err := parsePage(query); err != nil || q.Status != want {
			t.Errorf("%q: %q, %v", query, q.Status, err)
		}
	}
	for _, query := range []string{"status=", "status=deleted", "status=Started", "status=nonsense", "status=started&status=stopped"} {
		if q, err := parsePage(query); err == nil {
			t.Errorf("%q was taken: %+v", query, q)
		}
	}
}

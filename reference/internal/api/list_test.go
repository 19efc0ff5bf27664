package api

import (
	"errors"
	"strings"
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

func TestTagOfLists(t *testing.T) {
	for query, want := range map[string]string{"": "", "multiArchiveTag=second": "second", "multiArchiveTag=%22%C3%A9": `"é`} {
		if q, err := parsePage(query); err != nil || q.MultiArchiveTag != want {
			t.Errorf("%q: %q, %v", query, q.MultiArchiveTag, err)
		}
	}
	for _, query := range []string{"multiArchiveTag=", "multiArchiveTag=%ff", "multiArchiveTag=" + strings.Repeat("x", 256), "multiArchiveTag=a&multiArchiveTag=b"} {
		var refused *archive.Error
		if q, err := parsePage(query); !errors.As(err, &refused) || !strings.Contains(refused.Message, "multiArchiveTag") {
			t.Errorf("%q: %+v, %v", query, q, err)
		}
	}
}

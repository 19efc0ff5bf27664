package gateway

import (
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
)

// FuzzPublisher checks that every accepted query gives values within their limits.
func FuzzPublisher(f *testing.F) {
	for _, query := range []string{
		"", "name=%C3%A4&videoType=screen&layoutClassList=focus%20b", "connectionId=29f760f8-7ce1-46c9-ade3-f2dedee4ed5f",
		"name=a&name=b", "connectionId=", "videoType=film", "name=%ff", "layoutClassList=%80", "%", ";", "a=%zz",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		who, err := parsePublisher(query, account.Client{SessionID: "S"})
		if err != nil {
			return
		}
		if !utf8.ValidString(who.Stream.Name) || utf8.RuneCountInString(who.Stream.Name) > maxStreamName {
			t.Errorf("name %q", who.Stream.Name)
		}
		if who.Stream.ConnectionID != "" && uuid.Validate(who.Stream.ConnectionID) != nil {
			t.Errorf("connection %q", who.Stream.ConnectionID)
		}
		for _, class := range who.Stream.LayoutClasses {
			if class == "" || !utf8.ValidString(class) || len(who.Stream.LayoutClasses) > account.MaxLayoutClassList {
				t.Errorf("classes %q", who.Stream.LayoutClasses)
			}
		}
	})
}

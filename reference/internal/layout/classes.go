package layout

import (
	"strings"
	"unicode/utf8"
)

// Limits of the layout classes of a stream.
const (
	maxClasses     = 50
	maxClassLength = 128 // in characters
)

// CheckClasses returns an [*Error] unless these can be the layout classes of a stream. nil is not a list.
func CheckClasses(classes []string) error {
	if classes == nil || len(classes) > maxClasses {
		return wrong("layoutClassList", "must be an array of at most %d strings", maxClasses)
	}
	for _, class := range classes {
		if n := utf8.RuneCountInString(class); n < 1 || n > maxClassLength || strings.ContainsFunc(class, isSpace) {
			return wrong("layoutClassList", "must hold names of 1 to %d characters without spaces, got %.64q", maxClassLength, class)
		}
	}
	return nil
}

func isSpace(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }

package account

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// ID holds the contents of a session id.
type ID struct {
	Owner     string // identity that created the session: application id or API key
	Location  string // "" = none
	CreatedAt time.Time
}

const maxIDLength = 255 // ARC-SES-04

// ErrBadID is the error of [ParseID] for a string that is not a session id.
var ErrBadID = errors.New("not a session id")

var (
	toPath   = strings.NewReplacer("+", "-", "/", "_", "=", "-")
	fromPath = strings.NewReplacer("-", "+", "_", "/")
)

// New returns a new session id with these contents. Clients parse it: legacy SDKs refuse a session whose id does not hold their API key.
func (id ID) New() string {
	prefix := "2_"
	if IsUUID(id.Owner) {
		prefix = "1_"
	}
	plain := fmt.Sprintf("1~%s~%s~%d~%s~~", id.Owner, id.Location, id.CreatedAt.UnixMilli(), rand.Text())
	return prefix + toPath.Replace(base64.StdEncoding.EncodeToString([]byte(plain)))
}

// ParseID parses a session id. Older ids hold a date instead of milliseconds; their CreatedAt is zero.
func ParseID(s string) (ID, error) {
	if len(s) > maxIDLength || len(s) < 3 || (s[:2] != "1_" && s[:2] != "2_") || strings.ContainsAny(s, "+/=") {
		return ID{}, ErrBadID
	}
	plain, err := decodePath(s[2:])
	if err != nil {
		return ID{}, ErrBadID
	}
	fields := strings.Split(plain, "~")
	if len(fields) < 5 || fields[0] != "1" || !isOwner(fields[1]) {
		return ID{}, ErrBadID
	}
	id := ID{Owner: fields[1], Location: fields[2]}
	if ms, err := strconv.ParseInt(fields[3], 10, 64); err == nil {
		id.CreatedAt = time.UnixMilli(ms)
	}
	return id, nil
}

// decodePath is the inverse of toPath. A final "-" may stand for "+" or for padding, and padding may be missing.
func decodePath(s string) (string, error) {
	std := fromPath.Replace(s)
	for range 3 {
		plain, err := base64.RawStdEncoding.DecodeString(std)
		if err == nil && strings.HasPrefix(string(plain), "1~") && strings.HasSuffix(string(plain), "~") {
			return string(plain), nil
		}
		std = strings.TrimSuffix(std, "+")
	}
	return "", ErrBadID
}

func isOwner(s string) bool {
	_, err := ParseKey(s)
	return err == nil || IsUUID(s)
}

// IsUUID reports whether s is a UUID as all ids but those of sessions are: in lower case, with dashes. [uuid.Validate] accepts other forms too.
func IsUUID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

// ParseKey parses an API key in its only valid form: a positive decimal number without sign or leading zeros.
func ParseKey(s string) (int64, error) {
	key, err := strconv.ParseInt(s, 10, 64)
	if err != nil || key <= 0 || strconv.FormatInt(key, 10) != s {
		return 0, fmt.Errorf("API key %q is not a positive number", s)
	}
	return key, nil
}

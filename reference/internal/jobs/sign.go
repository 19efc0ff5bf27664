package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"reelcheck/reference/internal/account"
)

// signed returns a token for one request. With it the receiver verifies that the body is from this server and unchanged. now is real time.
func signed(app account.Application, body []byte, now time.Time) (string, error) {
	sum := sha256.Sum256(body)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iat":            now.Unix(),
		"jti":            uuid.NewString(),
		"iss":            "Vonage",
		"payload_hash":   hex.EncodeToString(sum[:]), // ARC-CB-30
		"api_key":        app.Key(),
		"application_id": app.ID,
	}).SignedString([]byte(app.SignatureSecret))
	if err != nil {
		return "", fmt.Errorf("sign callback: %w", err)
	}
	return token, nil
}

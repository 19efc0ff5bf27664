package jobs

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"reelcheck/reference/internal/account"
)

func TestSigned(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	app := account.Application{ID: "app", APIKey: 7, SignatureSecret: "s3cret"}
	raw, err := signed(app, []byte("abc"), now)
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.MapClaims
	_, err = jwt.NewParser(jwt.WithValidMethods([]string{"HS256"})).ParseWithClaims(raw, &claims, func(*jwt.Token) (any, error) { return []byte("s3cret"), nil })
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"iat": 1.7e9, "iss": "Vonage", "api_key": "7", "application_id": "app",
		"payload_hash": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", // printf abc | sha256sum
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if claims["jti"] == "" || claims["jti"] == nil {
		t.Error("no jti")
	}
	other, err := signed(app, []byte("abc"), now)
	if err != nil || other == raw {
		t.Errorf("two tokens alike: %v", err)
	}
}

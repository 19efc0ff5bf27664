package target

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/api/apigen"
	"reelcheck/reference/internal/archive"
)

func parse(t *testing.T, body string) (*account.Storage, error) {
	t.Helper()
	var s apigen.Storage
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatal(err)
	}
	to, _, err := Rules{}.Parse("", s)
	return to, err
}

func TestTemporaryCredentials(t *testing.T) {
	to, err := parse(t, `{"type":"s3","config":{"accessKey":"k","secretKey":"s","sessionToken":"t","bucket":"b","keyPrefix":"films/2026-"}}`)
	if err != nil || to.KeyPrefix != "films/2026-" || to.S3 != (account.S3{AccessKey: "k", SecretKey: "s", SessionToken: "t", Bucket: "b"}) {
		t.Errorf("%+v, %v", to, err)
	}
	to, err = parse(t, `{"type":"azure","config":{"accountName":"a","sasToken":"?sv=1&sig=x%2B","container":"c","keyPrefix":"films/{date}/{sessionId}/"}}`)
	if err != nil || to.KeyPrefix != "films/{date}/{sessionId}/" || to.Azure != (account.Azure{AccountName: "a", SASToken: "sv=1&sig=x%2B", Container: "c"}) {
		t.Errorf("%+v, %v", to, err)
	}
}

func TestRefusals(t *testing.T) {
	const s3 = `{"type":"s3","config":{"accessKey":"k","secretKey":"s","bucket":"b","keyPrefix":"`
	const azure = `{"type":"azure","config":{"accountName":"a","container":"c"`
	for body, field := range map[string]string{
		s3 + `/films"}}`:                      "config.keyPrefix",
		s3 + `a//b"}}`:                        "config.keyPrefix",
		s3 + `../b"}}`:                        "config.keyPrefix",
		s3 + `a/./"}}`:                        "config.keyPrefix",
		s3 + `a?b"}}`:                         "config.keyPrefix",
		s3 + `ä"}}`:                           "config.keyPrefix",
		s3 + `{name}/"}}`:                     "config.keyPrefix",
		s3 + `{date}/{date}/"}}`:              "config.keyPrefix",
		s3 + `{date/"}}`:                      "config.keyPrefix",
		s3 + strings.Repeat("x", 513) + `"}}`: "config.keyPrefix",
		azure + `}}`:                          "config.accountKey",
		azure + `,"sasToken":"sv=1"}}`:        "config.sasToken",
		azure + `,"sasToken":"sig=x","accountKey":"a2V5"}}`: "config.sasToken",
	} {
		var e *archive.Error
		if _, err := parse(t, body); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%.120s: %v, want a refusal of %s", body, err, field)
		}
	}
}

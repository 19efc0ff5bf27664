package callback_test

import (
	"encoding/json"
	"testing"
	"time"

	"reelcheck/reference/internal/account"
	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/callback"
)

// TestBodies fixes the bytes that receivers get.
func TestBodies(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_700)
	app := account.Application{ID: "app"}
	a := archive.Archive{ID: "film", SessionID: "S", ApplicationID: "app", Name: "show", OutputMode: archive.Composed, StreamMode: archive.Manual,
		HasAudio: true, HasVideo: true, Resolution: "640x480", Status: archive.Started, CreatedAt: at, UpdatedAt: at}
	client := archive.Connection{ID: "c", Data: "anna", CreatedAt: at}
	stream := archive.Stream{ID: "s", ConnectionID: "c", Name: "camera", VideoType: "camera", HasAudio: true, HasVideo: true, CreatedAt: at}
	common := `"sessionId":"S","applicationId":"app","partnerId":"app","createdAt":1700000001000,"updatedAt":1700000000700,"duration":0,"size":0,` +
		`"outputMode":"composed","streamMode":"manual","hasAudio":true,"hasVideo":true,"resolution":"640x480","multiArchiveTag":"","sha256sum":"","password":"","url":null`
	for name, test := range map[string]struct {
		body any
		want string
	}{
		"status": {callback.Of(app, archive.Effect{Kind: archive.DoAnnounce, Archive: a, At: at}),
			`{"id":"film","event":"archive","status":"started","name":"show","reason":"",` + common + `,"streams":[]}`},
		"stream update": {callback.Of(app, archive.Effect{Kind: archive.DoStreamRemoved, Archive: a, At: at,
			Notice: archive.Notice{At: at, Connection: client, Stream: stream, Reason: "clientDisconnected"}}),
			`{"id":"film","event":"archive","status":"streamRemoved","name":"show","reason":"clientDisconnected",` + common +
				`,"timestamp":1700000000700,"stream":{"id":"s","connection":{"id":"c"},"createdAt":1700000001000}}`},
		"stream": {callback.EventOf(app, "S", archive.Notice{Kind: archive.StreamCreated, At: at, Connection: client, Stream: stream}),
			`{"sessionId":"S","projectId":"app","applicationId":"app","event":"streamCreated","timestamp":1700000000700,` +
				`"stream":{"id":"s","connection":{"id":"c","createdAt":1700000000700,"data":"anna"},"createdAt":1700000000700,"name":"camera","videoType":"camera"}}`},
		"connection": {callback.EventOf(app, "S", archive.Notice{Kind: archive.ConnectionDestroyed, At: at, Connection: client, Reason: "networkDisconnected"}),
			`{"sessionId":"S","projectId":"app","applicationId":"app","event":"connectionDestroyed","reason":"networkDisconnected","timestamp":1700000000700,` +
				`"connection":{"id":"c","createdAt":1700000000700,"data":"anna"}}`},
	} {
		got, err := json.Marshal(test.body)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, test.want)
		}
	}
}

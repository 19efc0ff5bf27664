// Package wire holds the lines that the suite and an adapter exchange, one JSON object each. spec/publisher-protocol.md
// describes them.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"reelcheck/conformance/evidence"
)

// Version is the version of the protocol.
const Version = 1

// MaxLine is the longest line in bytes, with its line break.
const MaxLine = 1 << 20

// What a command may ask an adapter to do.
const (
	Connect    = "connect"    // open the client's connection; its first message is "connected"
	Disconnect = "disconnect" // end the connection, and what it publishes
	Vanish     = "vanish"     // end the connection without a message
	Publish    = "publish"    // returns when media flows
	Unpublish  = "unpublish"
	Abandon    = "abandon" // stop publishing without a message
	Mute       = "mute"
	Switch     = "switch"
	Cut        = "cut"     // cut the publication's network
	Restore    = "restore" // restore it; returns when the client is connected again
)

// Events of an adapter.
const (
	Hello   = "hello"   // the first line
	Message = "message" // the client received a message
	Closed  = "closed"  // the client's connection ended, whoever ended it
	Track   = "track"   // what was sent of a track so far
	Ended   = "ended"   // the publication ended without a command
	Trouble = "trouble" // something failed that is not the target's fault
)

// Command is a line from the suite.
type Command struct {
	ID int64  `json:"id"` // from 1 up
	Do string `json:"do"`
	// Client names a connection, and Publication a publication. The suite makes up the names.
	Client        string    `json:"client,omitempty"`
	Publication   string    `json:"publication,omitempty"`
	URL           string    `json:"url,omitempty"` // base URL of the REST API
	ApplicationID string    `json:"applicationId,omitempty"`
	APIKey        string    `json:"apiKey,omitempty"`
	At            *Endpoint `json:"at,omitempty"` // of connect and publish
	SessionID     string    `json:"sessionId,omitempty"`
	Token         string    `json:"token,omitempty"`
	ConnectionID  string    `json:"connectionId,omitempty"` // of the client; absent without one
	Scenario      string    `json:"scenario,omitempty"`
	Name          string    `json:"name,omitempty"` // of the client, and of the stream
	VideoType     string    `json:"videoType,omitempty"`
	Classes       string    `json:"layoutClassList,omitempty"`
	// Video and Audio are what to publish, looped. Switches may follow a video in the same track.
	Video    *Media  `json:"video,omitempty"`
	Audio    *Media  `json:"audio,omitempty"`
	Switches []Media `json:"switches,omitempty"`
	// The delays of a slow encoder, and of the first sender report, in milliseconds.
	VideoLag     int64  `json:"videoLagMs,omitempty"`
	AudioLag     int64  `json:"audioLagMs,omitempty"`
	ReportsAfter int64  `json:"reportsAfterMs,omitempty"`
	Within       int64  `json:"withinMs,omitempty"` // when the suite gives up
	Kind         string `json:"kind,omitempty"`     // of the track to mute
	Muted        *bool  `json:"muted,omitempty"`
}

// Endpoint is where a client connects or publishes, as the target file has it.
type Endpoint struct {
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Protocols []string          `json:"protocols,omitempty"` // of a WebSocket
}

// Media is one looped fixture.
type Media struct {
	Fixture string  `json:"fixture"` // id in fixtures/manifest.json
	File    string  `json:"file"`    // absolute path: IVF, H.264 (Annex B) or Ogg Opus
	Codec   string  `json:"codec"`   // VP8, VP9, H264 or Opus
	Width   int     `json:"width,omitempty"`
	Height  int     `json:"height,omitempty"`
	Rate    float64 `json:"rate"`  // units (frames or packets) per second
	Units   int     `json:"units"` // of one loop
}

// Line is a line from an adapter: the answer to a command, with its ID, or an event.
type Line struct {
	ID int64 `json:"id,omitempty"`
	// Error says why a command failed. Refused means that the target refused it, with Status where there is one.
	Error    string `json:"error,omitempty"`
	Refused  bool   `json:"refused,omitempty"`
	Status   int    `json:"status,omitempty"`
	StreamID string `json:"streamId,omitempty"` // answers publish

	Event       string              `json:"event,omitempty"`
	Protocol    int                 `json:"protocol,omitempty"` // of hello
	Name        string              `json:"name,omitempty"`     // of hello: the adapter and its version
	Can         []string            `json:"can,omitempty"`      // of hello
	Client      string              `json:"client,omitempty"`
	Publication string              `json:"publication,omitempty"`
	Message     json.RawMessage     `json:"message,omitempty"`
	Code        int                 `json:"code,omitempty"` // of closed: the close code; 0 means none
	Text        string              `json:"text,omitempty"`
	Track       *evidence.Published `json:"track,omitempty"`
}

// Decode reads a line strictly: unknown members are errors.
func Decode(line []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value in a line")
	}
	return nil
}

// Encode returns the line for v, with its line break.
func Encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err == nil && len(b) >= MaxLine {
		err = fmt.Errorf("a line of %d bytes, want at most %d", len(b)+1, MaxLine)
	}
	return append(b, '\n'), err
}

// Package evidence stores everything that a run saw: a journal of typed records, and the bytes they refer to as blobs.
// Scenarios write it while they drive the target:
//
//	j, err := evidence.Create(dir, about, nil)
//	r, err := j.Append(evidence.Record{Scenario: "composed-pair", Label: "start", Exchange: x})
//
// Checks read it through a [View], and nothing else, so a bundle written once can be judged again later and a check can
// be tested with altered records:
//
//	view, about, err := evidence.Open(dir)
//	r, ok := view.Scenario("composed-pair").Label("start").First()
//
// A record never says whether what it shows is right. The writer must register secrets with [Journal.Redact] before they
// can appear in a record, and must call Close.
package evidence

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Names used as keys of Record.IDs.
const (
	Application = "application"
	Session     = "session"
	Archive     = "archive"
	Stream      = "stream"
	Connection  = "connection"
	APIKey      = "apiKey" // of a call as a legacy project
)

// Record is one observation. Exactly one of the pointer fields is set.
type Record struct {
	Seq      int64     `json:"seq"`
	Time     time.Time `json:"time"`
	Scenario string    `json:"scenario,omitempty"`
	// Label is the name by which a check finds the record within its scenario: "start", "stop.second", "object". Several
	// records may share a label, such as the polls of one wait.
	Label string `json:"label,omitempty"`
	// IDs name what the record is about. The keys are the constants above.
	IDs map[string]string `json:"ids,omitempty"`

	Step      *Step      `json:"step,omitempty"`
	Prepared  *Prepared  `json:"prepared,omitempty"`
	Exchange  *Exchange  `json:"exchange,omitempty"`
	Webhook   *Webhook   `json:"webhook,omitempty"`
	Object    *Object    `json:"object,omitempty"`
	Upload    *Upload    `json:"upload,omitempty"`
	Mail      *Mail      `json:"mail,omitempty"`
	Client    *Client    `json:"client,omitempty"`
	Published *Published `json:"published,omitempty"`
	Watch     *Watch     `json:"watch,omitempty"`
	Media     *Media     `json:"media,omitempty"`
	// Individual describes the ZIP of an individual stream archive.
	Individual *Individual `json:"individual,omitempty"`
	Opened     *Opened     `json:"opened,omitempty"`
	Clock      *Clock      `json:"clock,omitempty"`
	Pledge     *Pledge     `json:"pledge,omitempty"`
	Harness    *Harness    `json:"harness,omitempty"`
}

// Kind returns the name of the payload: "step", "exchange" and so on. It returns an error unless exactly one payload is
// set.
func (r Record) Kind() (string, error) {
	kind, n := "", 0
	for _, p := range []struct {
		name string
		set  bool
	}{
		{"step", r.Step != nil},
		{"prepared", r.Prepared != nil},
		{"exchange", r.Exchange != nil},
		{"webhook", r.Webhook != nil},
		{"object", r.Object != nil},
		{"upload", r.Upload != nil},
		{"mail", r.Mail != nil},
		{"client", r.Client != nil},
		{"published", r.Published != nil},
		{"watch", r.Watch != nil},
		{"media", r.Media != nil},
		{"individual", r.Individual != nil},
		{"opened", r.Opened != nil},
		{"clock", r.Clock != nil},
		{"pledge", r.Pledge != nil},
		{"harness", r.Harness != nil},
	} {
		if p.set {
			kind, n = p.name, n+1
		}
	}
	if n != 1 {
		return "", fmt.Errorf("record %d has %d payloads, want exactly one", r.Seq, n)
	}
	return kind, nil
}

// Ref returns the reference to the record that reports print.
func (r Record) Ref() string {
	s := r.Scenario
	if r.Label != "" {
		s += "/" + r.Label
	}
	return fmt.Sprintf("%s#%d", s, r.Seq)
}

// SameApp reports whether both records are about the same application.
func (r Record) SameApp(b Record) bool { return r.IDs[Application] == b.IDs[Application] }

// ArchiveInPath returns the id of the archive that the harness meant by the request.
func (r Record) ArchiveInPath() string { return r.IDs[Archive] }

// IsUUID reports whether an id is a UUID with dashes, in either case (RFC 9562, 4). Package uuid parses other forms too.
func IsUUID(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && strings.EqualFold(u.String(), id)
}

// Sent returns when a request went out, or when anything else was noted.
func (r Record) Sent() time.Time {
	if r.Exchange != nil {
		return r.Exchange.Started
	}
	return r.Time
}

// Over returns when a request had been answered, or when anything else was noted. Records are numbered when they are
// complete, so a callback about a call may stand before the call; only the times show the order.
func (r Record) Over() time.Time {
	if r.Exchange != nil {
		return r.Exchange.Started.Add(r.Exchange.Duration)
	}
	return r.Time
}

// Outcome says how a scenario, or a part of it, ended.
type Outcome string

const (
	Began Outcome = "began"
	Done  Outcome = "done"
	// Blocked means that the target's behaviour made it impossible to go on.
	Blocked Outcome = "blocked"
	// Unmet means that the target file does not declare what the scenario needs.
	Unmet Outcome = "unmet"
	// Unable means that the driver's clients cannot do what the scenario needs. BlockedBy is the ability.
	Unable Outcome = "unable"
	// Broken means that the harness or the environment failed; nothing can be said about the target.
	Broken Outcome = "broken"
	// Unwaited means that more time would have to pass than the run may wait. The text says how much.
	Unwaited Outcome = "unwaited"
	// Note marks something worth reading in the timeline.
	Note Outcome = "note"
)

// PageInstead begins the error of a download that was answered with a web page in place of the file.
const PageInstead = "a web page came in place of the file"

// Interrupted is the text of the last step of a scenario that an interruption of the run broke.
const Interrupted = "interrupted"

// Torn reports whether a scenario of which this is the last step did not end by itself.
func (s Step) Torn() bool { return s.Outcome == Began || s.Outcome == Broken && s.Text == Interrupted }

// Step is an event of the scenario itself. The label is "scenario" when it begins or ends, and the name of the phase
// otherwise.
type Step struct {
	Outcome Outcome `json:"outcome"`
	Text    string  `json:"text,omitempty"`
	// BlockedBy is the label of the record that shows why the scenario could not go on. For Unmet it is the missing
	// capability, for Unable the missing ability.
	BlockedBy string `json:"blockedBy,omitempty"`
	// Clauses says of Unwaited and Unmet which clauses need what is missing; at the end of a scenario, all do.
	Clauses []string `json:"clauses,omitempty"`
}

// Prepared describes an application that somebody prepared for the suite, as far as the target file tells. The record's IDs
// name the application.
type Prepared struct {
	Role     string `json:"role"`
	APIKey   string `json:"apiKey,omitempty"`
	Store    string `json:"store,omitempty"`    // kind of its upload target: "s3", "azure", or "" for the built-in cloud
	Endpoint string `json:"endpoint,omitempty"` // of the upload target
	SSE      bool   `json:"sse,omitempty"`      // the upload target has to encrypt
	// Unreachable means that nobody listens at its upload target, and that it has no fallback.
	Unreachable bool   `json:"unreachable,omitempty"`
	Monitored   bool   `json:"monitored,omitempty"`
	Codec       string `json:"codec,omitempty"` // the video codec that it prefers; "" for the default
}

// Body holds bytes: inline when they are short text, otherwise only in the blob store.
type Body struct {
	SHA256 string `json:"sha256,omitempty"`
	Size   int64  `json:"size,omitempty"`
	Text   string `json:"text,omitempty"`
}

// Decode reads an inline JSON body into v.
func (b Body) Decode(v any) error {
	if b.Text == "" {
		if b.Size > 0 {
			return fmt.Errorf("body of %d bytes is not inline text", b.Size)
		}
		return fmt.Errorf("empty body")
	}
	if err := json.Unmarshal([]byte(b.Text), v); err != nil {
		return fmt.Errorf("body is not JSON of the expected shape: %w", err)
	}
	return nil
}

// Webhook is one delivery to the harness's receiver. Record.Time is its arrival.
type Webhook struct {
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Header http.Header `json:"header,omitempty"`
	Body   Body        `json:"body,omitzero"`
	// Answer is the status that the receiver returned; anything but 200 asks for another delivery. 0 is none at all.
	Answer int `json:"answer"`
}

// Object is a stored file. Record.Time is when it was first seen.
type Object struct {
	Store  string `json:"store"` // "s3", "azure", "cloud"
	Bucket string `json:"bucket,omitempty"`
	Key    string `json:"key,omitempty"`
	// URL is the address from which a "cloud" object was downloaded.
	URL         string            `json:"url,omitempty"`
	Size        int64             `json:"size"`
	SHA256      string            `json:"sha256,omitempty"` // hex; also the name of the blob
	ContentType string            `json:"contentType,omitempty"`
	Encryption  string            `json:"encryption,omitempty"` // server-side encryption, as the store names it
	Metadata    map[string]string `json:"metadata,omitempty"`
	Modified    time.Time         `json:"modified,omitzero"`
}

// Place returns where the file is: its key or, of one that was downloaded, the address without the signature.
func (o Object) Place() string {
	at, _, _ := strings.Cut(o.URL, "?")
	return o.Key + at
}

// Upload is a request of the target to one of the harness's stores. Record.Time is its arrival.
type Upload struct {
	Store  string `json:"store"`
	Method string `json:"method"`
	Path   string `json:"path"` // bucket and key
	// Part says what the request does in a multipart upload, and Multipart is its id, if the request names one.
	Part      Part   `json:"part,omitempty"`
	Multipart string `json:"multipart,omitempty"`
	// Encryption is the server-side encryption that the request asked for.
	Encryption string `json:"encryption,omitempty"`
	Answer     int    `json:"answer"`
	Refused    bool   `json:"refused,omitempty"` // by the suite, in the store's place
}

// Part is what a request does in a multipart upload. The zero value is a request outside of one.
type Part string

const (
	BeginParts Part = "begin"
	PutPart    Part = "part"
	EndParts   Part = "end" // makes the object
	AbortParts Part = "abort"
	ListParts  Part = "list"
)

// Mail is a message of the target to one of the harness's mailboxes. Record.Time is its arrival.
type Mail struct {
	From string   `json:"from"`
	To   []string `json:"to"`
	Body Body     `json:"body,omitzero"` // headers and text as sent
}

// Client is an event on a client's events connection.
type Client struct {
	Name         string `json:"name"`  // name of the client in the scenario
	Event        string `json:"event"` // "open", "message", "close", "refused"
	ConnectionID string `json:"connectionId,omitempty"`
	Type         string `json:"type,omitempty"` // of the message, when it is JSON with a "type"
	Body         Body   `json:"body,omitzero"`
	CloseCode    int    `json:"closeCode,omitempty"`
	// Left says of a "close" that the client closed its connection, which the target may have confirmed.
	Left bool `json:"left,omitempty"`
	// Lost says of a "close" that the client dropped its connection without a message, as one does whose network breaks.
	Lost bool `json:"lost,omitempty"`
}

// Span is a stretch of real time. A zero To means that it has not ended.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// PolicyTime is what a Watch is about when a scenario let policy time pass by waiting.
const PolicyTime = "policy time"

// Watch records how long something was watched, so that "it did not happen" is evidence too.
type Watch struct {
	What string `json:"what"` // "webhooks", "archive status", "objects", "events of alice"
	Span
	// Until is the condition waited for, and Met whether it came. A watch that waits for nothing has no Until.
	Until string `json:"until,omitempty"`
	Met   bool   `json:"met,omitempty"`
	// Deadline is the longest time the watch would have waited.
	Deadline time.Duration `json:"deadlineNs,omitempty"`
}

// Media is the forensics report on a blob; its type is in conformance/media.
type Media struct {
	SHA256 string          `json:"sha256"`
	Report json.RawMessage `json:"report,omitempty"`
	// Error is set when the blob is not readable as media. A missing tool is a Harness record instead.
	Error string `json:"error,omitempty"`
}

// Individual describes the ZIP of an individual stream archive; its type is in conformance/media/individual.
type Individual struct {
	SHA256 string          `json:"sha256"`
	Report json.RawMessage `json:"report"`
}

// Opened is the result of decrypting an encrypted object with the private key.
type Opened struct {
	SHA256 string `json:"sha256"` // of the encrypted bytes
	// Fields of the decrypted password. They are 0 when it could not be read.
	Version   int `json:"version"`
	Algorithm int `json:"algorithm"`
	Mode      int `json:"mode"`
	// Error is set when the password or the object could not be decrypted.
	Error string `json:"error,omitempty"`
	// Plain is the SHA-256 of the decrypted bytes and the name of their blob.
	Plain string `json:"plain,omitempty"`
	// Excerpts is the number of samples taken from the decrypted bytes; Found is how many of them also occur in the
	// encrypted bytes.
	Excerpts int `json:"excerpts"`
	Found    int `json:"found"`
}

// Clock is an advance of an application's policy clock through the control API.
type Clock struct {
	Before time.Time     `json:"before"` // policy time
	After  time.Time     `json:"after"`
	Skip   time.Duration `json:"skipNs"` // growth of the clock's offset: recorded time includes it, the files do not
	Fired  []Fired       `json:"fired,omitempty"`
}

// Fired is a deadline that the target reports to have acted on.
type Fired struct {
	Kind      string    `json:"kind"`
	At        time.Time `json:"at"`
	ArchiveID string    `json:"archiveId,omitempty"`
	SessionID string    `json:"sessionId,omitempty"`
}

// Harness is trouble that is not the target's fault: a stalled publisher, a failed sink, a missing tool.
type Harness struct {
	Kind    string `json:"kind"` // "publisher", "sink", "environment", "request-schema", "cleanup", "panic", TargetEnded, AdapterEnded or RunStopped
	Message string `json:"message"`
}

// TargetEnded is the kind of the record that says that the target ended, or answers no more, before the run was over.
const TargetEnded = "target"

// AdapterEnded is the kind of the record that says that the adapter of the clients ended, or says nothing more, before the run was over.
const AdapterEnded = "adapter"

// RunStopped is the kind of the record that says which cap stopped the run, and what it had had by then.
const RunStopped = "stopped"

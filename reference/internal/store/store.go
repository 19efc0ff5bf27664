// Package store names what is kept: the vocabulary that the stores below it, the control and the jobs share.
package store

import (
	"cmp"
	"errors"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
)

// ErrNotFound is returned for a row that does not exist.
var ErrNotFound = errors.New("not found")

// ErrExists is returned when a row with this key exists already.
var ErrExists = errors.New("exists already")

// Elsewhere is returned for what belongs to another server on the same database.
type Elsewhere struct{ URL string } // of that server

func (e *Elsewhere) Error() string { return "belongs to the server at " + e.URL }

// Transition is one committed step of a session: all of it becomes durable, or nothing.
type Transition struct {
	Archives   []archive.Archive // new or changed
	Outbox     []Act             // effects to perform after the commit; ID is assigned by the store
	Done       []int64           // earlier acts that were performed
	Deliveries []Delivery        // webhooks, in order; ID is assigned by the store
	Jobs       []Job
}

// Act is an effect in the outbox, with the media instant at which it happens.
type Act struct {
	ID        int64
	SessionID string
	Effect    archive.Effect
	At        av.Instant
}

// Delivery is one webhook call that is owed. ArchiveID is empty when it tells of the session.
type Delivery struct {
	ID            int64
	ApplicationID string
	SessionID     string
	ArchiveID     string
	URL           string
	Body          []byte
	CreatedAt     time.Time // policy time of the change it announces
	Attempts      int
	NotBefore     time.Time // policy time of the next attempt
	LastStatus    int       // of the last answer; 0 when there was none
	Outcome       string    // "" while owed
}

// Outcomes of a [Delivery].
const (
	Delivered = "delivered"
	Dropped   = "dropped"
)

// Lane names what the delivery has to keep its order in: its archive, else its session.
func (d Delivery) Lane() string { return cmp.Or(d.ArchiveID, d.SessionID) }

// Kinds of [Job].
const (
	JobWebhook = "webhook"
	JobUpload  = "upload"
	JobExpire  = "expire"
	JobMail    = "mail"
)

// Job is durable work that falls due at a policy instant.
type Job struct {
	ID            int64     `json:"-"`
	Kind          string    `json:"-"`
	ApplicationID string    `json:"applicationId"`
	SessionID     string    `json:"sessionId"`
	ArchiveID     string    `json:"archiveId"`
	At            time.Time `json:"-"` // policy time
}

// Lane is where the webhook of the job waits, see [Delivery.Lane].
func (j Job) Lane() string { return cmp.Or(j.ArchiveID, j.SessionID) }

// Package store defines what the server stores, for the databases that keep it (sqlite, postgres) and for the packages that use them (sessions,
// jobs). What a step of a session has decided becomes durable together with all that it owes:
//
//	acts, err := db.Commit(ctx, store.Transition{
//		Archives: changed,
//		Outbox:   []store.Act{{SessionID: id, Effect: effect, At: at}},
//		Jobs:     []store.Job{{Kind: store.JobUpload, ApplicationID: app, SessionID: id, ArchiveID: a.ID, At: now}},
//	})
//
// The caller commits the steps of a session one after another. It performs an act only after its commit and names it as Done in a later one, and
// it must be able to perform an act again, because a crash may come in between. A database refuses with [*Elsewhere] what belongs to another server,
// and with [ErrNotFound] what it does not have.
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

// ErrExists is returned if a row with this key exists already.
var ErrExists = errors.New("exists already")

// Elsewhere is returned for something that belongs to another server on the same database.
type Elsewhere struct{ URL string } // URL of that server

func (e *Elsewhere) Error() string { return "belongs to the server at " + e.URL }

// Transition is the result of one step of a session. All of it becomes durable, or nothing.
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

// Delivery is one webhook call to make. ArchiveID is empty if it is about the session.
type Delivery struct {
	ID            int64
	ApplicationID string
	SessionID     string
	ArchiveID     string
	URL           string
	Body          []byte
	CreatedAt     time.Time // policy time of the announced change
	Attempts      int
	NotBefore     time.Time // policy time of the next attempt
	LastStatus    int       // status of the last answer; 0 = none
	Outcome       string    // "" until it has ended
}

// Outcomes of a [Delivery].
const (
	Delivered = "delivered"
	Dropped   = "dropped"
)

// Lane returns the id of the archive, or else of the session, within which the delivery keeps its order.
func (d Delivery) Lane() string { return cmp.Or(d.ArchiveID, d.SessionID) }

// Kinds of [Job].
const (
	JobWebhook = "webhook"
	JobUpload  = "upload"
	JobExpire  = "expire"
	JobMail    = "mail"
)

// Job is durable work that is due at a policy instant.
type Job struct {
	ID            int64     `json:"-"`
	Kind          string    `json:"-"`
	ApplicationID string    `json:"applicationId"`
	SessionID     string    `json:"sessionId"`
	ArchiveID     string    `json:"archiveId"`
	At            time.Time `json:"-"` // policy time
}

// Lane returns the lane of the job's webhook; see [Delivery.Lane].
func (j Job) Lane() string { return cmp.Or(j.ArchiveID, j.SessionID) }

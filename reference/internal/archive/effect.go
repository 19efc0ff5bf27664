package archive

import "time"

// EffectKind says what an [Effect] asks for.
type EffectKind string

const (
	DoAnnounce EffectKind = "announce" // post the status webhook with this snapshot
	DoNotify   EffectKind = "notify"   // tell the session's clients
	DoClose    EffectKind = "close"    // end the connection of Notice.Connection
	// With streamMode manual: post the webhook about Notice.Stream, by Notice.Reason.
	DoStreamAdded   EffectKind = "streamAdded"
	DoStreamRemoved EffectKind = "streamRemoved"

	DoCompose  EffectKind = "compose"  // begin the live composition
	DoSelect   EffectKind = "select"   // the archive takes Archive.Streams from now on, and no others
	DoRecord   EffectKind = "record"   // a span of the archive begins
	DoPause    EffectKind = "pause"    // the open span ends
	DoStop     EffectKind = "stop"     // the archive ends
	DoArrange  EffectKind = "arrange"  // the archive's layout is another
	DoClassify EffectKind = "classify" // the layout classes of Stream are others
	DoUpload   EffectKind = "upload"   // store the file
	DoExpire   EffectKind = "expire"   // at At, unless something else happens first
	DoErase    EffectKind = "erase"    // remove the file from the built-in cloud
	DoDiscard  EffectKind = "discard"  // journal and composed file are no longer needed
)

// Effect is a consequence of a step, as data. Effects are performed in order after the step is committed, and each may be
// performed twice: performing it again changes nothing.
type Effect struct {
	Kind    EffectKind `json:"kind"`
	Archive Archive    `json:"archive"` // as of this effect; zero for effects of the session
	At      time.Time  `json:"at"`      // policy time
	Notice  Notice     `json:"notice"`
	Stream  Stream     `json:"stream"` // of classify
}

// NoticeKind is the type of a client event, spelled as on the wire.
type NoticeKind string

const (
	ConnectionCreated   NoticeKind = "connectionCreated"
	ConnectionDestroyed NoticeKind = "connectionDestroyed"
	StreamCreated       NoticeKind = "streamCreated"
	StreamDestroyed     NoticeKind = "streamDestroyed"
	ArchiveStarted      NoticeKind = "archiveStarted"
	ArchiveStopped      NoticeKind = "archiveStopped"
	// SessionNotification comes before the session moves to another server.
	SessionNotification NoticeKind = "sessionNotification"
	// SessionDisconnected is the last notice of a client whom the server disconnects.
	SessionDisconnected NoticeKind = "sessionDisconnected"
)

// Notice is an event for the clients of a session. Which fields are set follows from the kind.
type Notice struct {
	Kind       NoticeKind `json:"kind"`
	At         time.Time  `json:"at"`
	Connection Connection `json:"connection"` // of connection and stream events
	Stream     Stream     `json:"stream"`     // of stream events
	ArchiveID  string     `json:"archiveId"`  // of archive events
	Name       string     `json:"name"`       // of archive events
	Reason     string     `json:"reason"`     // of destroyed, disconnected and sessionNotification
}

package archive

import "time"

// EffectKind is the kind of an [Effect].
type EffectKind string

const (
	DoAnnounce EffectKind = "announce" // post the status webhook with this snapshot
	DoNotify   EffectKind = "notify"   // tell the session's clients
	DoClose    EffectKind = "close"    // end the connection of Notice.Connection
	// DoStreamAdded and DoStreamRemoved post the webhook about Notice.Stream, with Notice.Reason. Only archives with streamMode manual have
	// them.
	DoStreamAdded   EffectKind = "streamAdded"
	DoStreamRemoved EffectKind = "streamRemoved"

	DoCompose  EffectKind = "compose"  // begin the live composition
	DoSelect   EffectKind = "select"   // from now on the archive takes the streams in Archive.Streams and no others
	DoRecord   EffectKind = "record"   // a span of the archive begins
	DoPause    EffectKind = "pause"    // the open span ends
	DoStop     EffectKind = "stop"     // the archive ends
	DoArrange  EffectKind = "arrange"  // the layout of the archive has changed
	DoClassify EffectKind = "classify" // the layout classes of Stream have changed
	DoUpload   EffectKind = "upload"   // store the file
	DoExpire   EffectKind = "expire"   // expire the file at the instant At, unless something else happens first
	DoErase    EffectKind = "erase"    // remove the file from the built-in cloud
	DoDiscard  EffectKind = "discard"  // journal and composed file are no longer needed
)

// Effect is a consequence of a step, as data. The caller performs the effects in order, after it has committed the step. After a crash an effect
// may be performed again; the second time must change nothing.
type Effect struct {
	Kind    EffectKind `json:"kind"`
	Archive Archive    `json:"archive"` // as of this effect; zero for effects on the session
	At      time.Time  `json:"at"`      // policy time
	Notice  Notice     `json:"notice"`
	Stream  Stream     `json:"stream"` // for DoClassify
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
	// SessionDisconnected is the last notice to a client that the server disconnects.
	SessionDisconnected NoticeKind = "sessionDisconnected"
)

// Notice is an event for the clients of a session. Its kind determines which fields are set.
type Notice struct {
	Kind       NoticeKind `json:"kind"`
	At         time.Time  `json:"at"`
	Connection Connection `json:"connection"` // of connection and stream events
	Stream     Stream     `json:"stream"`     // of stream events
	ArchiveID  string     `json:"archiveId"`  // of archive events
	Name       string     `json:"name"`       // of archive events
	Reason     string     `json:"reason"`     // of destroyed, disconnected and sessionNotification
}

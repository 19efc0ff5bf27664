package archive

import "time"

// An automatically archived session is recorded in a chain of archives. The first client of an empty session starts the first archive. An
// archive that reaches its maximum length is followed by another, as long as clients are connected.

// startAutomatic begins an automatic archive. Nobody has published in the session since idle.
func (t *turn) startAutomatic(id string, idle time.Time) {
	// ARC-AUTO-04, ARC-AUTO-05, ARC-AUTO-17, ARC-POST-01
	a := t.newArchive(id, StartRequest{SessionID: t.ID, Name: t.ArchiveName, Resolution: t.ArchiveResolution})
	a.Automatic, a.IdleSince = true, idle
	t.begin(a)
}

// recordsItself reports whether an automatic archive is live and not yet followed by another.
func (t *turn) recordsItself() bool {
	for a := range t.live {
		if a.Automatic && !a.Followed { // ARC-SIM-06
			return true
		}
	}
	return false
}

// follow begins the archive after a, which is about to end. It begins none in an empty session; the next client will start a new chain.
func (t *turn) follow(a *Archive, id string) {
	a.Followed = true // ARC-AUTO-06, ARC-AUTO-16
	if len(t.Connections) == 0 {
		return
	}
	idle := a.IdleSince
	if idle.IsZero() {
		idle = t.now
	}
	t.startAutomatic(id, idle) // ARC-AUTO-08, ARC-AUTO-11, decision 8
}

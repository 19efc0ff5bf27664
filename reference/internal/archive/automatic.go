package archive

import "time"

// The recording of an automatically archived session is a chain of archives: the first client of an empty session sets off the first,
// and one that reaches a limit of its length is followed by another for as long as the session is recorded.

// startAutomatic begins an automatic archive, in a session in which nobody has published since idle.
func (t *turn) startAutomatic(id string, idle time.Time) {
	// ARC-AUTO-04, ARC-AUTO-05, ARC-AUTO-17
	a := t.newArchive(id, StartRequest{SessionID: t.ID, Name: t.ArchiveName, Resolution: t.ArchiveResolution})
	a.Automatic, a.IdleSince = true, idle
	t.begin(a)
}

// recordsItself reports whether an automatic archive is live that no other follows.
func (t *turn) recordsItself() bool {
	for a := range t.live {
		if a.Automatic && !a.Followed { // ARC-SIM-06
			return true
		}
	}
	return false
}

// follow begins the archive after a, which is about to end. An empty session has nothing to continue: its next client begins anew.
func (t *turn) follow(a *Archive, id string) {
	a.Followed = true // ARC-AUTO-06, ARC-AUTO-16
	if len(t.Connections) == 0 {
		return
	}
	idle := a.IdleSince
	if idle.IsZero() {
		idle = t.now
	}
	t.startAutomatic(id, idle) // ARC-AUTO-11, decision 8
}

package archive

import "time"

func (t *turn) finish(e Finish) {
	a := t.archive(e.ArchiveID)
	if a == nil || a.Status != Stopped || a.FileReady {
		return
	}
	a.FileReady, a.Size, a.Password, a.UpdatedAt = true, e.Size, e.Password, t.now
	if a.Password == "" { // ARC-SEC-04
		a.Duration = a.Recorded.Round(time.Second) // ARC-DUR-17, ARC-CB-11, ARC-GET-08
	}
	t.do(DoUpload, a) // ARC-STO-01, ARC-STO-06
}

func (t *turn) fail(id string) {
	a := t.archive(id)
	if a == nil || !a.Status.Pending() {
		return
	}
	live := a.Status.Live()
	if live {
		t.close(a, t.now)
	}
	a.Reason, a.FileReady = ReasonFailure, false // ARC-STAT-13
	t.enter(a, Failed)                           // ARC-STAT-12, ARC-STO-13, decision 15
	if live {
		t.notify(Notice{Kind: ArchiveStopped, ArchiveID: a.ID, Name: a.Name})
	}
	t.do(DoDiscard, a)
}

func (t *turn) store(e Store) {
	a := t.archive(e.ArchiveID)
	if a == nil || a.Status != Stopped || !a.FileReady {
		return
	}
	a.FileReady, a.SHA256Sum = false, e.SHA256Sum // ARC-STO-04
	t.enter(a, e.Status)                          // ARC-STO-05, ARC-STO-10, ARC-STO-11
	t.do(DoDiscard, a)
	if e.Status == Available { // ARC-STO-21, ARC-STO-22
		t.effects = append(t.effects, Effect{Kind: DoExpire, Archive: *a, At: a.CreatedAt.Add(Retention)})
	}
}

func (t *turn) expire(id string) {
	a := t.archive(id)
	if a == nil || a.Status != Available { // ARC-STAT-15
		return
	}
	t.do(DoErase, a)
	t.enter(a, Expired) // ARC-STAT-11, ARC-CB-34
}

func (t *turn) delete(id string) error {
	a := t.archive(id)
	if a == nil { // ARC-DEL-06
		return notFound("archive %s does not exist", id)
	}
	switch a.Status {
	case Deleted: // ARC-DEL-07, decision 2
		return nil
	case Available: // ARC-DEL-01, ARC-DEL-09
		t.do(DoErase, a)
	case Uploaded: // the file in the application's own storage is kept (ARC-DEL-08)
	default: // ARC-DEL-04, ARC-DEL-05, ARC-DEL-10
		return conflict(CodeCannotDelete, "an archive can be deleted only in these statuses: available OR uploaded OR deleted; this one is %s", a.Status)
	}
	a.Status, a.UpdatedAt = Deleted, t.now
	return nil
}

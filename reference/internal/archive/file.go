package archive

import "time"

func (t *turn) finish(e Finish) {
	a := t.archive(e.ArchiveID)
	if a == nil || a.Status != Stopped || a.FileReady {
		return
	}
	a.FileReady, a.Size, a.Password, a.UpdatedAt = true, e.Size, e.Password, t.now
	if a.Password == "" {
		a.Duration = a.Recorded.Round(time.Second)
	}
	t.do(DoUpload, a)
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
	a.Reason, a.FileReady = ReasonFailure, false
	t.enter(a, Failed)
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
	a.FileReady, a.SHA256Sum = false, e.SHA256Sum
	t.enter(a, e.Status)
	t.do(DoDiscard, a)
	if e.Status == Available {
		t.effects = append(t.effects, Effect{Kind: DoExpire, Archive: *a, At: a.CreatedAt.Add(Retention)})
	}
}

func (t *turn) expire(id string) {
	a := t.archive(id)
	if a == nil || a.Status != Available {
		return
	}
	t.do(DoErase, a)
	t.enter(a, Expired)
}

func (t *turn) delete(id string) error {
	a := t.archive(id)
	if a == nil {
		return notFound("archive %s does not exist", id)
	}
	switch a.Status {
	case Deleted:
		return nil
	case Available:
		t.do(DoErase, a)
	case Uploaded: // the file in the application's own storage stays
	default:
		return conflict(CodeCannotDelete, "an archive can be deleted only in these statuses: available OR uploaded OR deleted; this one is %s", a.Status)
	}
	a.Status, a.UpdatedAt = Deleted, t.now
	return nil
}

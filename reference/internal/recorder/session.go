package recorder

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/capture"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/sessions"
	"reelcheck/reference/internal/timeline"
)

// removed is the suffix of a journal's folder while it is being removed, because that takes more than one step.
const removed = ".removed"

// session holds one session's journal and the streams that are written to it.
type session struct {
	dir  string
	log  *slog.Logger
	now  func() av.Instant
	keys *seal.Keyfile
	out  func(archiveID string) string // see [Recorder.output]

	tally  tally
	losses *Losses
	full   func(applicationID string) error // see [fault.Board.Full]

	mu        sync.Mutex                    // guards the rest
	journal   *journal.Journal              // open while an archive needs it, and after recover
	streams   []*stream                     // published streams, oldest first
	composing map[string]context.CancelFunc // by archive id
	awaited   map[string]bool               // archives whose composition a crash interrupted and that has not begun again
	storing   map[string]bool               // individual archives that are not stored yet; their files are made from the journal
	owner     string                        // application of the newest archive
	unopened  bool                          // the existing journal could not be opened
	lost      map[string]bool               // damage that was logged
}

// add returns the sink of a stream that was just published.
func (s *session) add(p sessions.Publication) (sessions.Sink, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &stream{Publication: p, now: s.now, silence: silence{screen: p.Stream.VideoType == "screen", seen: p.At}, tally: &s.tally, losses: s.losses, log: s.log}
	if s.used() {
		if err := st.enter(s.journal); err != nil {
			return nil, err
		}
		s.keyFrames()
	}
	s.streams = append(s.streams, st)
	return st, nil
}

// stream returns the published stream with this id, nil if there is none. It needs s.mu.
func (s *session) stream(streamID string) *stream {
	if i := slices.IndexFunc(s.streams, func(st *stream) bool { return st.Stream.ID == streamID }); i >= 0 {
		return s.streams[i]
	}
	return nil
}

func (s *session) remove(streamID string, at av.Instant, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stream(streamID)
	if st == nil {
		return nil
	}
	s.streams = slices.DeleteFunc(s.streams, func(o *stream) bool { return o == st })
	if st.Flush != nil { // the client may have left before its media ended
		st.Flush()
	}
	entered, err := st.close()
	if !entered {
		return err
	}
	err = errors.Join(err, s.journal.Note(timeline.Event{Kind: timeline.StreamRemoved, At: at, Stream: streamID, Reason: reason}))
	s.trim()
	s.keyFrames()
	return err
}

// note puts an event on the timeline. Without a journal it does nothing, because no archive needs the event. It always keeps the layout classes
// of a stream, for later archives.
func (s *session) note(e timeline.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Kind == timeline.Classified && !s.classify(e) || s.journal == nil {
		return nil
	}
	s.tally.note(e)
	err := s.journal.Note(e)
	s.refresh(e)
	return err
}

// classify replaces the layout classes of a stream, and reports whether an archive that is being made needs to know. It needs s.mu.
func (s *session) classify(e timeline.Event) bool {
	st := s.stream(e.Stream)
	if st == nil {
		return false
	}
	st.Stream.LayoutClasses = e.Classes
	return s.used()
}

// refresh asks for the key frames that are needed after an event: places change, and a new decoder needs a key frame. It needs s.mu.
func (s *session) refresh(e timeline.Event) {
	switch e.Kind {
	case timeline.Recording, timeline.Arranged, timeline.Classified:
		s.keyFrames()
	case timeline.Selected:
		for _, in := range e.Selection {
			if st := s.stream(in.Stream); st != nil && in.HasVideo {
				st.KeyFrame()
			}
		}
	default:
	}
}

// keyFrames asks every publisher for a key frame. It needs s.mu.
func (s *session) keyFrames() {
	for _, st := range s.streams {
		st.KeyFrame()
	}
}

// begin registers a composition. The first one also puts the published streams into the journal. With sealed set, the journal is sealed from now
// on. begin returns false and does not keep cancel if the archive is being composed already.
func (s *session) begin(a archive.Archive, sealed bool, cancel context.CancelCauseFunc) (*journal.Journal, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.composing[a.ID] != nil {
		return nil, false, nil
	}
	s.owner = a.ApplicationID
	if err := s.open(sealed); err != nil {
		return nil, false, err
	}
	if err := s.enter(); err != nil {
		return nil, false, err
	}
	s.composing[a.ID] = func() { cancel(nil) }
	s.tally.add(a.ID, cancel)
	delete(s.awaited, a.ID)
	return s.journal, true, nil
}

// open opens the journal, and seals it if sealed is set or if it was sealed before. It needs s.mu.
func (s *session) open(sealed bool) error {
	if s.journal != nil && !sealed {
		return nil
	}
	key, err := s.key(sealed)
	if err != nil {
		return err
	}
	if s.journal != nil {
		return s.journal.Seal(key) // ARC-SEC-02, decision 10
	}
	owner := s.owner
	s.journal, err = journal.Open(s.dir, journal.Options{
		Key: key,
		Now: s.now,
		Failed: func(err error) {
			s.log.Error("journal", "error", err)
			s.tally.lost("", s.now(), err)
		},
		Damaged: s.damaged,
		Full:    func() error { return s.full(owner) },
	})
	if err != nil {
		return err
	}
	for _, torn := range s.journal.Repairs {
		s.log.Warn("journal repaired", "cut", torn)
	}
	return nil
}

func (s *session) compositions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.composing)
}

// used reports whether streams are written to the journal. It needs s.mu.
func (s *session) used() bool { return len(s.composing)+len(s.storing) > 0 }

// settle ends the composition of a complete archive. An individual archive keeps the journal until it is abandoned.
func (s *session) settle(a archive.Archive) error {
	if a.OutputMode != archive.Individual {
		s.finish(a.ID)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.open(false), s.enter()); err != nil {
		return err
	}
	delete(s.composing, a.ID)
	delete(s.awaited, a.ID)
	s.tally.remove(a.ID)
	if s.storing == nil {
		s.storing = map[string]bool{}
	}
	s.storing[a.ID] = true
	s.trim()
	return nil
}

// trim removes the media that no archive needs, while complete archives wait to be stored. Otherwise a target that is away for days would keep
// the media of all later archives too. trim does nothing while an archive is composed, because its needs are not known yet. It needs s.mu.
func (s *session) trim() {
	if s.journal == nil || len(s.storing) == 0 || len(s.composing)+len(s.awaited) > 0 {
		return
	}
	needed := map[string]bool{}
	for _, st := range s.streams {
		needed[st.Stream.ID] = true
	}
	for id := range s.storing {
		plan, err := capture.Load(s.out(id))
		if err != nil {
			s.log.Warn("journal not trimmed", "archive", id, "error", err)
			return
		}
		for _, g := range plan.Segments {
			needed[g.Take.Stream.Stream] = true
		}
	}
	if err := s.journal.Trim(func(stream string) bool { return needed[stream] }); err != nil {
		s.log.Warn("journal not trimmed", "error", err)
	}
}

// enter puts the published streams into the journal, unless they are in it. It needs s.mu.
func (s *session) enter() error {
	if s.used() {
		return nil
	}
	for _, st := range s.streams {
		if err := st.enter(s.journal); err != nil {
			return err
		}
	}
	return nil
}

// held returns the journal from which the files of waiting individual archives are made.
func (s *session) held() (*journal.Journal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil, errors.New("the session has no journal any more")
	}
	return s.journal, nil
}

// finish forgets a composition. After the last one, it removes the journal.
func (s *session) finish(archiveID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(archiveID)
}

// leave is finish for a caller that holds s.mu.
func (s *session) leave(archiveID string) {
	delete(s.composing, archiveID)
	delete(s.awaited, archiveID)
	delete(s.storing, archiveID)
	s.tally.remove(archiveID)
	if s.used() || len(s.awaited) > 0 || s.unopened { // a journal that could not be opened stays for whoever can read it
		s.trim()
		return
	}
	if err := errors.Join(s.close(), s.discard()); err != nil {
		s.log.Warn("journal not removed", "error", err)
	}
}

// discard removes the journal from disk.
func (s *session) discard() error {
	err := os.Rename(s.dir, s.dir+removed)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, os.RemoveAll(s.dir+removed))
}

// abandon removes what is kept for an archive that is stored or no longer wanted. After the last one, it removes the journal, even one that was
// not opened since a crash.
func (s *session) abandon(archiveID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.composing[archiveID]; cancel != nil {
		cancel() // the composition then calls finish
		delete(s.awaited, archiveID)
		return
	}
	s.leave(archiveID)
}

// recover opens the journal after a crash. Opening it ends all streams of the earlier process.
func (s *session) recover(unfinished []string) (last av.Instant, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := os.Stat(s.dir); errors.Is(err, os.ErrNotExist) {
		return 0, false, nil
	}
	if err := s.open(false); err != nil {
		s.unopened = true
		return 0, false, err
	}
	s.awaited = map[string]bool{}
	for _, id := range unfinished {
		s.awaited[id] = true
	}
	last, ok = s.journal.LastMedia()
	return last, ok, nil
}

// suspend closes the journal and keeps it for the next start.
func (s *session) suspend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.close()
}

// close closes the streams' logs and the journal. It needs s.mu.
func (s *session) close() error {
	if s.journal == nil {
		return nil
	}
	var errs []error
	for _, st := range s.streams {
		_, err := st.close()
		errs = append(errs, err)
	}
	errs = append(errs, s.journal.Close())
	s.journal = nil
	return errors.Join(errs...)
}

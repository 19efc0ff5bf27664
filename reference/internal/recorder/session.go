package recorder

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"reelcheck/reference/internal/timeline"
	"slices"
	"sync"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/capture"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/seal"
	"reelcheck/reference/internal/sessions"
)

// removed is appended to the name of a journal that is being removed, which takes more than one step.
const removed = ".removed"

// session is one session's journal with what is written into it.
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
	journal   *journal.Journal              // open while something needs it, and after recover
	streams   []*stream                     // in the order in which they came
	composing map[string]context.CancelFunc // by archive id
	awaited   map[string]bool               // archives whose compositions a crash cut off and that have not begun again
	storing   map[string]bool               // individual archives whose files are made of the journal until they are stored
	owner     string                        // application of the archive that began last
	unopened  bool                          // the journal that is there could not be opened
	lost      map[string]bool               // what was said of damage
}

// add makes the sink of a stream that was just published.
func (s *session) add(p sessions.Publication) (sessions.Sink, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &stream{Publication: p, now: s.now, silence: silence{screen: p.VideoType == "screen", seen: p.At}, tally: &s.tally, losses: s.losses, log: s.log}
	if s.used() {
		if err := st.enter(s.journal); err != nil {
			return nil, err
		}
		s.keyFrames()
	}
	s.streams = append(s.streams, st)
	return st, nil
}

// stream finds one that is published. It needs s.mu.
func (s *session) stream(streamID string) *stream {
	if i := slices.IndexFunc(s.streams, func(st *stream) bool { return st.StreamID == streamID }); i >= 0 {
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
	entered, err := st.close()
	if !entered {
		return err
	}
	err = errors.Join(err, s.journal.Note(timeline.Event{Kind: timeline.StreamRemoved, At: at, Stream: streamID, Reason: reason}))
	s.trim()
	s.keyFrames()
	return err
}

// note puts an event on the timeline. Without a journal it changes nothing: every archive that it could concern has its file. The classes of a
// stream are kept also then, for later archives.
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

// classify replaces the layout classes of a stream, and reports whether they concern an archive that is made. It needs s.mu.
func (s *session) classify(e timeline.Event) bool {
	st := s.stream(e.Stream)
	if st == nil {
		return false
	}
	st.LayoutClasses = e.Classes
	return s.used()
}

// refresh asks for the key frames that decoders need after an event: places change, and decoders begin with key frames. It needs s.mu.
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

// begin registers a composition, the first one with the streams that are there. If it asks for that, what the session sends is sealed
// from then on. It answers false when the archive is being composed already; then cancel was not kept.
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

// open opens the journal, sealed if it was or is to be. It needs s.mu.
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

// used reports whether the journal's streams are open for more. It needs s.mu.
func (s *session) used() bool { return len(s.composing)+len(s.storing) > 0 }

// settle ends the composition of an archive that is complete. An individual one keeps the journal until it is abandoned.
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

// trim frees the media that no archive is made of any more, while archives wait to be stored: a target may be away for days, and the session
// is recorded again and again. Of archives that are composed it is not known yet what they are made of. It needs s.mu.
func (s *session) trim() {
	if s.journal == nil || len(s.storing) == 0 || len(s.composing)+len(s.awaited) > 0 {
		return
	}
	needed := map[string]bool{}
	for _, st := range s.streams {
		needed[st.StreamID] = true
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

// enter puts the streams that are there into the journal, if that has not been done. It needs s.mu.
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

// held returns the journal of which archives are made that are to be stored.
func (s *session) held() (*journal.Journal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil, errors.New("the session has no journal any more")
	}
	return s.journal, nil
}

// finish forgets a composition; the last one takes the journal with it.
func (s *session) finish(archiveID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave(archiveID)
}

// leave needs s.mu.
func (s *session) leave(archiveID string) {
	delete(s.composing, archiveID)
	delete(s.awaited, archiveID)
	delete(s.storing, archiveID)
	s.tally.remove(archiveID)
	if s.used() || len(s.awaited) > 0 || s.unopened { // what nobody has read stays for who can
		s.trim()
		return
	}
	if err := errors.Join(s.close(), s.discard()); err != nil {
		s.log.Warn("journal not removed", "error", err)
	}
}

// discard removes the journal.
func (s *session) discard() error {
	err := os.Rename(s.dir, s.dir+removed)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, os.RemoveAll(s.dir+removed))
}

// abandon frees what is kept for an archive that is no longer wanted, or stored. The last one takes the journal with it, also where it was
// not opened, because a crash came between the archive's last change and this.
func (s *session) abandon(archiveID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.composing[archiveID]; cancel != nil {
		cancel() // which finishes it
		delete(s.awaited, archiveID)
		return
	}
	s.leave(archiveID)
}

// recover opens what a crash left. The journal has ended every stream of the earlier process by itself.
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

// close needs s.mu.
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

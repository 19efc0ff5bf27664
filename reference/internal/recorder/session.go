package recorder

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"reelcheck/reference/internal/archive"
	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/capture"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/layout"
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
	err = errors.Join(err, s.journal.Note(journal.Event{Kind: journal.StreamRemoved, At: at, Stream: streamID, Reason: reason}))
	s.trim()
	s.keyFrames()
	return err
}

// note puts an event of an archive on the timeline. Without a journal the archive's file is complete already.
func (s *session) note(kind journal.Kind, archiveID string, at av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	s.tally.note(kind, archiveID, at)
	if kind == journal.Recording {
		s.keyFrames()
	}
	return s.journal.Note(journal.Event{Kind: kind, At: at, Archive: archiveID})
}

// skip puts a move of policy time on the timeline. Without a journal there is no file that it would make shorter than its archive says.
func (s *session) skip(by time.Duration, at av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	return s.journal.Note(journal.Event{Kind: journal.Skipped, At: at, Skip: by})
}

// keyFrames asks every publisher for one: places change, and decoders begin with key frames. It needs s.mu.
func (s *session) keyFrames() {
	for _, st := range s.streams {
		st.KeyFrame()
	}
}

// arrange puts a change of layout on the timeline. Without a journal the archive's file is complete already.
func (s *session) arrange(archiveID string, l layout.Spec, at av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	err := s.journal.Note(journal.Event{Kind: journal.Arranged, At: at, Archive: archiveID, Layout: &l})
	s.keyFrames()
	return err
}

// classify replaces a stream's layout classes, for the archives that are being composed and for later ones.
func (s *session) classify(streamID string, classes []string, at av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stream(streamID)
	if st == nil {
		return nil
	}
	st.LayoutClasses = classes
	if !s.used() {
		return nil
	}
	err := s.journal.Note(journal.Event{Kind: journal.Classified, At: at, Stream: streamID, Classes: classes})
	s.keyFrames()
	return err
}

// take puts on the timeline which streams the archive takes.
func (s *session) take(archiveID string, streams []archive.Inclusion, at av.Instant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	s.tally.takes(archiveID, streams)
	e := journal.Event{Kind: journal.Selected, At: at, Archive: archiveID}
	for _, in := range streams {
		e.Selection = append(e.Selection, journal.Selection{Stream: in.StreamID, HasAudio: in.HasAudio, HasVideo: in.HasVideo})
		if st := s.stream(in.StreamID); st != nil && in.HasVideo {
			st.KeyFrame()
		}
	}
	return s.journal.Note(e)
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

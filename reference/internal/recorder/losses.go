package recorder

import (
	"context"
	"sync"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
	"reelcheck/reference/internal/timeline"
)

// Losses counts media that arrived and is in no archive. The zero value is ready to use. It is safe for concurrent use.
type Losses struct {
	mu      sync.Mutex
	refused int
	damaged time.Duration
}

// Refused returns the number of samples that were not recorded because they came after their stream had advanced past them.
func (l *Losses) Refused() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// Damaged returns the total duration of media that could not be read back, summed over streams.
func (l *Losses) Damaged() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.damaged
}

func (l *Losses) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused++
}

func (l *Losses) damage(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.damaged += d
}

// damaged fails the archives that should have the media that a reader of the journal found lost (decision 15). It logs each damage once.
func (s *session) damaged(d journal.Damage) {
	j, known := s.noteDamage(d.Err.Error())
	if j == nil {
		return
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	events, _, err := j.Events(now, 0, journal.Unknown)
	if err != nil { // no archive is being recorded
		return
	}
	if !known {
		lasted := s.lasted(d, events)
		s.losses.damage(lasted)
		s.log.Error("media is lost", "stream", d.Stream, "seconds", lasted.Seconds(), "error", d.Err)
	}
	s.tally.damaged(d, events)
}

// noteDamage remembers the damage. It returns the journal, and whether the damage was known before.
func (s *session) noteDamage(text string) (j *journal.Journal, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known = s.lost[text]
	if s.lost == nil {
		s.lost = map[string]bool{}
	}
	s.lost[text] = true
	return s.journal, known
}

// lasted returns the duration of the damage, as far as the stream was there.
func (s *session) lasted(d journal.Damage, events []timeline.Event) time.Duration {
	from, to := d.From, min(d.To, s.now())
	for _, e := range events {
		switch {
		case e.Stream != d.Stream:
		case e.Kind == timeline.StreamAdded:
			from = max(from, e.At)
		case e.Kind == timeline.StreamRemoved:
			to = min(to, e.Happened())
		}
	}
	return max(0, to.Sub(max(from, av.Instant(0))))
}

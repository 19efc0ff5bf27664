package recorder

import (
	"context"
	"reelcheck/reference/internal/timeline"
	"sync"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/journal"
)

// Losses counts media that came and is in no archive. The zero value has none. It may be used concurrently.
type Losses struct {
	mu      sync.Mutex
	refused int
	damaged time.Duration
}

// Refused returns how many samples were not recorded because they were older than what their stream had promised.
func (l *Losses) Refused() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// Damaged returns how much media could not be read back, summed over streams.
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

// damaged fails the archives that were to have what a reader of the journal found lost (decision 15), and says so, once.
func (s *session) damaged(d journal.Damage) {
	j, known := s.noteDamage(d.Err.Error())
	if j == nil {
		return
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	events, _, err := j.Events(now, 0, journal.Unknown)
	if err != nil { // nothing is recorded
		return
	}
	if !known {
		lasted := s.lasted(d, events)
		s.losses.damage(lasted)
		s.log.Error("media is lost", "stream", d.Stream, "seconds", lasted.Seconds(), "error", d.Err)
	}
	s.tally.damaged(d, events)
}

// noteDamage returns the journal, and whether the damage was noted before.
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

// lasted returns how much time damage takes of the time for which the stream was there.
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

// Package slots hands out media slots: more of them while the machine keeps up, and fewer while it does not. See decision 32.
package slots

import (
	"context"
	"sync"
	"time"
)

// Slots are the media slots of a run. New returns them.
type Slots struct {
	usual   int
	changed chan struct{} // holds a token after each change that may let somebody go on

	mu           sync.Mutex
	limit, taken int
}

// New returns slots of which the usual number may be taken at first, later between half and eight fifths of it.
func New(usual int) *Slots {
	return &Slots{usual: usual, limit: usual, changed: make(chan struct{}, 1)}
}

// Most returns how many slots may be taken at most.
func (s *Slots) Most() int { return s.usual * 8 / 5 }

// Take takes n slots, as soon as that many are free or nobody has any. With an error it has taken none. Only one goroutine may
// take slots.
func (s *Slots) Take(ctx context.Context, n int) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.take(n) {
			return nil
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
		}
	}
}

func (s *Slots) take(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > 0 && s.taken > 0 && s.taken+n > s.limit {
		return false
	}
	s.taken += n
	return true
}

// Give gives n slots back.
func (s *Slots) Give(n int) {
	s.mu.Lock()
	s.taken -= n
	s.mu.Unlock()
	s.wake()
}

func (s *Slots) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

const (
	// pulse is the time between two wakes, like that between two packets of a sound.
	pulse = 20 * time.Millisecond
	// calm and busy are how late the latest wake of a second is on a machine that could do more, and on one that has too much to
	// do. A check blames the harness for publishers that are later than tolerance.publisher-late, which is 300 ms.
	calm = 30 * time.Millisecond
	busy = 100 * time.Millisecond
)

// Watch measures how late the machine wakes it, and adapts the slots to that, until ctx ends.
func (s *Slots) Watch(ctx context.Context) {
	var latest time.Duration
	for n := 1; ctx.Err() == nil; n++ {
		began := time.Now()
		time.Sleep(pulse)
		latest = max(latest, time.Since(began)-pulse)
		if n%int(time.Second/pulse) == 0 {
			s.adapt(latest)
			latest = 0
		}
	}
}

// adapt takes back two slots after a busy second, and adds one after a calm one.
func (s *Slots) adapt(latest time.Duration) {
	s.mu.Lock()
	switch {
	case latest > busy:
		s.limit = max(s.limit-2, (s.usual+1)/2)
	case latest < calm:
		s.limit = min(s.limit+1, s.Most())
	}
	s.mu.Unlock()
	s.wake()
}

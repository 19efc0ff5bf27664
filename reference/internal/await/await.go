// Package await has the ways of waiting for other goroutines: until a condition holds, for the next time something happens, for resources,
// and for time to pass, each of them no longer than a context lives.
package await

import (
	"context"
	"sync"
	"time"
)

// Mutex guards what others may be waiting for.
type Mutex struct {
	sync.Mutex
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// Wake has those who wait look again. The caller holds m.
func (m *Mutex) Wake() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// Update makes a change and wakes those who wait for it.
func (m *Mutex) Update(change func()) {
	m.Lock()
	defer m.Unlock()
	change()
	m.Wake()
}

// Until blocks until done, which is called with m held, says so. A done that changes something calls [Mutex.Wake].
func (m *Mutex) Until(ctx context.Context, done func() bool) error {
	for {
		m.Lock()
		if done() {
			m.Unlock()
			return nil
		}
		if m.changed == nil {
			m.changed = make(chan struct{})
		}
		changed := m.changed
		m.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Signal lets any number of goroutines wait for the next time something happens. The zero value is ready.
type Signal struct {
	mu   sync.Mutex
	next chan struct{} // closed by Send; nil while nobody waits
}

// Next returns a channel that the next Send closes. Take it before you look at what may have changed.
func (s *Signal) Next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	return s.next
}

// Send wakes those who wait.
func (s *Signal) Send() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}

// Pause waits for d in real time, or until ctx ends.
func Pause(ctx context.Context, d time.Duration) error {
	over := make(chan struct{})
	defer time.AfterFunc(d, func() { close(over) }).Stop()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Package await waits for other goroutines and for time: until a condition holds, until something happens, until resources are free, or for a
// duration. Every wait ends when its context ends.
package await

import (
	"context"
	"sync"
	"time"
)

// Mutex guards data whose changes others may wait for.
type Mutex struct {
	sync.Mutex
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// Wake lets all waiters check their conditions again. The caller must hold m.
func (m *Mutex) Wake() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// Update calls change with m held and wakes all waiters.
func (m *Mutex) Update(change func()) {
	m.Lock()
	defer m.Unlock()
	change()
	m.Wake()
}

// Until blocks until done returns true. It calls done with m held. A done that changes something must call [Mutex.Wake].
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

// Signal lets any number of goroutines wait until something happens. The zero value is ready to use.
type Signal struct {
	mu   sync.Mutex
	next chan struct{} // closed by Send; nil while nobody waits
}

// Next returns a channel that the next Send closes. Call it before you check whether something has changed.
func (s *Signal) Next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	return s.next
}

// Send wakes all waiters.
func (s *Signal) Send() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}

// Pause waits for d in real time, or until ctx ends. It then returns the error of ctx.
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

// Package await has the one way of waiting for what other goroutines change, until a condition holds or a context ends, and for time to pass.
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

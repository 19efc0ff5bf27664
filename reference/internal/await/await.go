// Package await has the one way of waiting for what other goroutines change: until a condition holds or a context ends.
package await

import (
	"context"
	"sync"
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

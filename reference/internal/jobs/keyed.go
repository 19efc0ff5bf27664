package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// keyed is a set of mutexes by name. The zero value is ready.
type keyed struct {
	mu   sync.Mutex
	held map[string]*holder
}

type holder struct {
	sync.Mutex
	users int
}

// lock waits for the mutex of key and returns what unlocks it.
func (k *keyed) lock(key string) (unlock func()) {
	k.mu.Lock()
	if k.held == nil {
		k.held = map[string]*holder{}
	}
	h := k.held[key]
	if h == nil {
		h = &holder{}
		k.held[key] = h
	}
	h.users++
	k.mu.Unlock()
	h.Lock()
	return func() {
		h.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if h.users--; h.users == 0 {
			delete(k.held, key)
		}
	}
}

// signal lets any number of goroutines wait for the next time something happens. The zero value is ready.
type signal struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait returns what blocks until the first signal after this call, or for a short while: another process may have done it.
func (s *signal) wait() func(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	next := s.next
	return func(ctx context.Context) error {
		patience := time.NewTicker(100 * time.Millisecond)
		defer patience.Stop()
		select {
		case <-next:
		case <-patience.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		return nil
	}
}

func (s *signal) signal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}

// quiet drops what River has to say below warnings.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}
func (w warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(a)} }
func (w warnings) WithGroup(n string) slog.Handler      { return warnings{w.Handler.WithGroup(n)} }

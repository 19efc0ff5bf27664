package await

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mutex
		n, waited := 0, 0
		for want := 1; want <= 3; want++ {
			go func() {
				err := m.Until(t.Context(), func() bool {
					if n < want {
						return false
					}
					waited++
					return true
				})
				if err != nil {
					t.Error(err)
				}
			}()
		}
		for want := 1; want <= 3; want++ {
			synctest.Wait()
			m.Update(func() { n++ })
			synctest.Wait()
			m.Lock()
			if waited != want {
				t.Errorf("after %d changes %d went on", want, waited)
			}
			m.Unlock()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := m.Until(ctx, func() bool { return false }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v after the context ended", err)
		}
	})
}

func TestSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Signal
		s.Send() // nobody waits
		next := s.Next()
		select {
		case <-next:
			t.Error("an earlier send counts")
		default:
		}
		waited := false
		go func() {
			<-next
			waited = true
		}()
		synctest.Wait()
		s.Send()
		synctest.Wait()
		if !waited {
			t.Error("not woken")
		}
	})
}

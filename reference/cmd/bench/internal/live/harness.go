package live

import (
	"context"
	"fmt"
	"testing"
)

// harness lets helpers made for tests be used here. What would fail a test becomes the error of [harness.do].
type harness struct {
	testing.TB

	ctx      context.Context
	cleanups []func()
}

type failure struct{ error }

func (*harness) Helper()                    {}
func (h *harness) Context() context.Context { return h.ctx }
func (h *harness) Cleanup(f func())         { h.cleanups = append(h.cleanups, f) }

func (h *harness) Fatal(args ...any)                 { panic(failure{fmt.Errorf("%s", fmt.Sprint(args...))}) }
func (h *harness) Fatalf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }
func (h *harness) Errorf(format string, args ...any) { h.Fatalf(format, args...) }

// do calls f and then the cleanups that f registered.
func (h *harness) do(f func()) (err error) {
	defer func() {
		for i := len(h.cleanups) - 1; i >= 0; i-- {
			h.cleanups[i]()
		}
	}()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.error
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

func must(tb testing.TB, err error) {
	if err != nil {
		tb.Fatal(err)
	}
}

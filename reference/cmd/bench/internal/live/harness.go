package live

import (
	"context"
	"fmt"
	"testing"
)

// harness lets helpers that were made for tests be used here: what would fail a test is the error of [harness.do].
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

// do runs f and then what f had to be cleaned up.
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

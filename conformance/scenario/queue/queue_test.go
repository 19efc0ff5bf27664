package queue_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"reelcheck/conformance/scenario/queue"
)

func TestOneAfterTheOther(t *testing.T) {
	t.Parallel()
	q := queue.Start(t.Context(), queue.NewTurns(4))
	first, second := errors.New("first"), errors.New("second")
	var done []error
	for _, err := range []error{first, nil, second} {
		q.Add(func(context.Context) error {
			done = append(done, err)
			return err
		})
	}
	if err := q.Finish(); !errors.Is(err, first) || !errors.Is(err, second) {
		t.Errorf("%v, want both errors", err)
	}
	if want := []error{first, nil, second}; !slices.Equal(done, want) {
		t.Errorf("worked in the order %v, want %v", done, want)
	}
}

// TestTurns checks that one queue works at a time until all turns are free.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := queue.NewTurns(3)
		end, working := make(chan struct{}), make(chan struct{}, 3)
		var queues []*queue.Queue
		for range 3 {
			q := queue.Start(t.Context(), turns)
			q.Add(func(context.Context) error {
				working <- struct{}{}
				<-end
				return nil
			})
			queues = append(queues, q)
		}
		synctest.Wait()
		if len(working) != 1 {
			t.Errorf("%d queues work, want one", len(working))
		}
		turns.All()
		synctest.Wait()
		if len(working) != 3 {
			t.Errorf("%d queues work once all turns are free, want three", len(working))
		}
		close(end)
		for _, q := range queues {
			if err := q.Finish(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestEnd checks that a queue leaves out what waits for a turn when its context ends.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		turns := queue.NewTurns(1)
		turns <- struct{}{} // taken
		q := queue.Start(ctx, turns)
		q.Add(func(context.Context) error {
			t.Error("it works without a turn")
			return nil
		})
		synctest.Wait()
		cancel()
		if err := q.Finish(); err != nil {
			t.Error(err)
		}
	})
}

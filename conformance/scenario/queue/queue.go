// Package queue works through the files of scenarios while they go on. Each scenario has a [Queue], which takes its files one
// after the other; [Turns] limit how many queues work at a time.
//
//	turns := queue.NewTurns(runtime.NumCPU())
//	q := queue.Start(ctx, turns)
//	q.Add(func(ctx context.Context) error { ... })
//	err := q.Finish()
//
// The caller of Start must call Finish.
package queue

import (
	"context"
	"errors"
)

// Turns limit how many files are analysed at a time: one while anything publishes, so as not to disturb the publishers,
// and n once All was called.
type Turns chan struct{}

// NewTurns returns turns of which one is free.
func NewTurns(n int) Turns {
	t := make(Turns, n)
	for range n - 1 {
		t <- struct{}{}
	}
	return t
}

// All frees all turns.
func (t Turns) All() {
	for range cap(t) - 1 {
		<-t
	}
}

// Queue works through what is added, in order.
type Queue struct {
	waiting chan func(context.Context) error
	done    chan struct{} // closed when waiting is closed and empty
	err     error         // read after done
}

// most is above the number of files of any scenario.
const most = 100

// Start starts a queue. It holds a turn while it works on a file. When ctx ends, it leaves out the rest.
func Start(ctx context.Context, turn Turns) *Queue {
	q := &Queue{waiting: make(chan func(context.Context) error, most), done: make(chan struct{})}
	go func() { // ends with Finish
		defer close(q.done)
		for work := range q.waiting {
			select {
			case turn <- struct{}{}:
			case <-ctx.Done():
				continue
			}
			q.err = errors.Join(q.err, work(ctx))
			<-turn
		}
	}()
	return q
}

// Add adds work to the end of the queue.
func (q *Queue) Add(work func(context.Context) error) { q.waiting <- work }

// Finish waits until the queue is empty and returns all errors of the work.
func (q *Queue) Finish() error {
	close(q.waiting)
	<-q.done
	return q.err
}

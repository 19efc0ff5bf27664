package picture

import (
	"cmp"
	"context"
	"slices"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/await"
)

// shelf holds the decoded pictures that wait to be taken, and knows which ones are still to come. The feeder announces
// samples, the child puts their pictures, the composition takes them.
type shelf struct {
	mu        await.Mutex // guards the fields below
	pictures  []*Picture  // decoded and not taken yet, by time
	inUse     *Picture    // the picture taken last
	coming    []coming    // samples whose pictures the child still owes, by number
	next      int64       // the number of the first sample whose picture is wanted; earlier ones only help to decode it
	replaying bool        // a new child is being given what an earlier one was given
	reached   av.Instant  // every sample before it was given or skipped
	ended     bool        // no more pictures come
}

// coming is a sample whose picture is outstanding.
type coming struct {
	number int64
	time   av.Instant
	source [2]int
}

// announce notes that a sample is given to the child. It reports whether its picture is wanted.
func (s *shelf) announce(c coming) (wanted bool) {
	s.mu.Update(func() {
		if wanted = c.number >= s.next; wanted {
			i, _ := slices.BinarySearchFunc(s.coming, c.number, func(c coming, n int64) int { return cmp.Compare(c.number, n) })
			s.coming = slices.Insert(s.coming, i, c)
		}
	})
	return wanted
}

// put adds a picture, or releases it if nobody wants it. Pictures come in the order of their numbers, so the pictures of
// samples announced before it will not come any more.
func (s *shelf) put(p *Picture) {
	s.mu.Update(func() {
		added := false
		for len(s.coming) > 0 && s.coming[0].number <= p.Number {
			c := s.coming[0]
			s.coming = s.coming[1:]
			if c.number == p.Number && p.Number >= s.next {
				p.time, p.source = c.time, c.source
				s.pictures, added = append(s.pictures, p), true
				s.next = p.Number + 1
			}
		}
		if !added {
			p.Release()
		}
	})
}

// status reports whether pictures are outstanding, and returns the number of the first sample whose picture is wanted.
func (s *shelf) status() (waiting bool, next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.coming) > 0, s.next
}

// settle blocks until every announced picture has come.
func (s *shelf) settle(ctx context.Context) error {
	return s.mu.Until(ctx, func() bool { return len(s.coming) == 0 })
}

// wantFrom sets the number of the first sample whose picture is wanted.
func (s *shelf) wantFrom(next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = next
}

// replay notes that a new child is given samples again, until the feeder calls replayed. The feeder announces the
// outstanding samples once more. replay returns the number of the first sample whose picture is wanted.
func (s *shelf) replay() (next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.coming, s.replaying = s.coming[:0], true
	return s.next
}

func (s *shelf) replayed() { s.mu.Update(func() { s.replaying = false }) }

// giveUp stops waiting for the pictures of samples up to last.
func (s *shelf) giveUp(last int64) {
	s.mu.Update(func() { s.coming, s.next = s.coming[:0], max(s.next, last+1) })
}

// reach notes that every sample before t was given or skipped.
func (s *shelf) reach(t av.Instant) { s.mu.Update(func() { s.reached = max(s.reached, t) }) }

// end notes that no more pictures come.
func (s *shelf) end() { s.mu.Update(func() { s.ended = true }) }

// take implements [Stream.Take] (ARC-COMP-24).
func (s *shelf) take(ctx context.Context, t av.Instant) (*Picture, error) {
	var newest *Picture
	err := s.mu.Until(ctx, func() bool {
		n := 0
		for n < len(s.pictures) && s.pictures[n].time <= t {
			if newest != nil {
				newest.Release()
			}
			newest = s.pictures[n]
			n++
		}
		if s.pictures = s.pictures[n:]; n > 0 {
			s.mu.Wake()
		}
		certain := len(s.pictures) > 0 || s.ended || s.reached > t && !s.replaying && (len(s.coming) == 0 || s.coming[0].time > t)
		if certain && newest != nil {
			if s.inUse != nil {
				s.inUse.Release()
			}
			s.inUse = newest
		}
		return certain
	})
	return newest, err
}

// pass implements [Stream.Pass].
func (s *shelf) pass(t av.Instant) (over bool) {
	s.mu.Update(func() {
		for len(s.pictures) > 0 && s.pictures[0].time <= t {
			s.pictures[0].Release()
			s.pictures = s.pictures[1:]
		}
		over = s.ended && len(s.pictures) == 0
	})
	return over
}

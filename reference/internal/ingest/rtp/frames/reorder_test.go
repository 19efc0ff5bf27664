package frames

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"reelcheck/reference/internal/av"
	"reelcheck/reference/internal/ingest/unrecorded"
)

// sender feeds a buffer and keeps what leaves it.
type sender struct {
	*Buffer
	now   av.Instant
	out   []uint16
	gaps  []uint16 // the packets before which others were lost
	lates int
}

func newSender() *sender {
	s := &sender{now: av.Instant(time.Hour)}
	s.Buffer = NewBuffer(64, func(reason unrecorded.Reason, n int) {
		if reason == unrecorded.Late {
			s.lates += n
		}
	})
	return s
}

func (s *sender) send(numbers ...uint16) {
	for _, n := range numbers {
		s.Push(Packet{Seq: n, Payload: []byte{byte(n)}, At: s.now})
	}
	s.pop()
}

func (s *sender) wait(d time.Duration) {
	s.now = s.now.Add(d)
	s.pop()
}

func (s *sender) pop() {
	for p := s.Pop(s.now); p != nil; p = s.Pop(s.now) {
		s.out = append(s.out, p.Seq)
		if p.Gap {
			s.gaps = append(s.gaps, p.Seq)
		}
		s.Recycle(p)
	}
}

func (s *sender) expect(t *testing.T, out, gaps []uint16, lates int) {
	t.Helper()
	if !slices.Equal(s.out, out) || !slices.Equal(s.gaps, gaps) || s.lates != lates {
		t.Errorf("left the buffer: %v, gaps before %v, %d late; want %v, %v, %d", s.out, s.gaps, s.lates, out, gaps, lates)
	}
}

// TestBufferOrders shuffles neighbours and repeats packets, across the wrap of the numbers.
func TestBufferOrders(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := newSender()
	var want []uint16
	for group := range uint16(200) {
		first := 65_000 + 10*group
		var ten []uint16
		for n := range uint16(10) {
			ten = append(ten, first+n)
		}
		want = append(want, ten...)
		random.Shuffle(len(ten), func(i, j int) { ten[i], ten[j] = ten[j], ten[i] })
		s.send(append(ten, ten[random.IntN(10)])...)
		s.wait(20 * time.Millisecond)
	}
	s.wait(reorderPrime)
	s.expect(t, want, nil, 0)
}

func TestBufferWaitsForAMissingPacket(t *testing.T) {
	s := newSender()
	s.send(1, 2)
	s.wait(reorderPrime)
	s.send(4, 5)
	s.wait(reorderHold - time.Millisecond)
	s.expect(t, []uint16{1, 2}, nil, 0)
	s.send(3)
	s.expect(t, []uint16{1, 2, 3, 4, 5}, nil, 0)

	s.send(7)
	s.wait(reorderHold)
	s.expect(t, []uint16{1, 2, 3, 4, 5, 7}, []uint16{7}, 0)
	s.send(6, 6)
	s.expect(t, []uint16{1, 2, 3, 4, 5, 7}, []uint16{7}, 1)
}

func TestBufferTakesANewSequence(t *testing.T) {
	s := newSender()
	s.send(1, 2)
	s.wait(reorderPrime)
	s.send(30_000)
	s.wait(reorderHold)
	s.expect(t, []uint16{1, 2}, nil, 0) // one packet proves nothing
	s.send(30_002, 30_001, 30_003)
	s.expect(t, []uint16{1, 2, 30_000, 30_001, 30_002, 30_003}, []uint16{30_000}, 0)
}

func TestBufferRequests(t *testing.T) {
	s := newSender()
	s.send(1)
	s.wait(reorderPrime)
	s.send(3, 5)
	if got := s.Missing(nil, s.now); len(got) > 0 {
		t.Errorf("requested %v at once", got)
	}
	s.wait(askAfter)
	if got := s.Missing(nil, s.now); !slices.Equal(got, []uint16{2, 4}) {
		t.Errorf("requested %v, want 2 and 4", got)
	}
	s.send(2)
	requests := 1
	for range 2 * MaxRequests {
		s.now = s.now.Add(askAgain)
		switch got := s.Missing(nil, s.now); {
		case slices.Equal(got, []uint16{4}):
			requests++
		case len(got) > 0:
			t.Errorf("requested %v, want 4", got)
		}
	}
	if requests != MaxRequests {
		t.Errorf("requested packet 4 %d times, want %d", requests, MaxRequests)
	}
}

func TestBufferReusesPackets(t *testing.T) {
	s := newSender()
	payload := make([]byte, 1200)
	n := uint16(0)
	one := func() {
		n++
		s.Push(Packet{Seq: n, Payload: payload, At: s.now})
		s.now = s.now.Add(reorderPrime)
		for p := s.Pop(s.now); p != nil; p = s.Pop(s.now) {
			s.Recycle(p)
		}
	}
	one()
	if allocs := testing.AllocsPerRun(100, one); allocs > 0 {
		t.Errorf("%v allocations for a packet, want none", allocs)
	}
}

package ffmpeg

import (
	"sync"

	"reelcheck/reference/internal/ffmpeg/decoding"
)

// batch is how many slots are handed to a decoder at once. One that does several pictures in a row finds what it refers to in the
// processor's cache. Whoever waits for a picture holds two at most: so many always come back.
const batch = decoding.Slots - 3

// allSlots are their numbers.
var allSlots = func() (all []byte) {
	for n := range byte(decoding.Slots) {
		all = append(all, n)
	}
	return all
}()

// slots are the places for a decoder's pictures.
type slots struct {
	layout decoding.Layout
	memory []byte

	mu   sync.Mutex
	back []byte       // given back, but not handed to the decoder yet
	hand func([]byte) // hands them to it
}

// Release takes a slot back.
func (s *slots) Release(n byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.back = append(s.back, n); len(s.back) >= batch {
		s.hand(s.back)
		s.back = s.back[:0]
	}
}

// frame is the picture in a slot.
func (s *slots) frame(number int64, slot byte) Frame {
	return Frame{Layout: s.layout, Number: number, Planes: s.layout.Planes(s.layout.Slot(s.memory, int(slot))), Memory: s, Slot: slot}
}

// Frame is a decoded picture, planar 4:2:0, of the size that its decoder was started with.
type Frame struct {
	decoding.Layout
	Number int64 // of the sample that it was made of
	Planes [3][]byte
	Memory Memory // where it lies
	Slot   byte   // of Memory
}

// Memory is where a decoder puts its pictures.
type Memory interface {
	// Release takes back the slot of a picture that nobody looks at any more.
	Release(slot byte)
}

// Release gives the picture's memory back to the decoder. It is not looked at any more.
func (f *Frame) Release() { f.Memory.Release(f.Slot) }

package ffmpeg

import (
	"sync"

	"reelcheck/reference/internal/ffmpeg/decoding"
)

// batch is the number of slots that are given to a decoder at once. A decoder that makes several pictures in a row finds
// their references in the processor's cache. The reader holds two pictures at most, so that many slots always come back.
const batch = decoding.Slots - 3

// allSlots are the numbers of all slots.
var allSlots = func() (all []byte) {
	for n := range byte(decoding.Slots) {
		all = append(all, n)
	}
	return all
}()

// slots are the places of a decoder's pictures.
type slots struct {
	raster decoding.Raster
	memory []byte

	mu   sync.Mutex
	back []byte       // released, but not given to the decoder yet
	hand func([]byte) // gives slots to the decoder
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

// frame returns the picture in a slot.
func (s *slots) frame(number int64, slot byte) Frame {
	return Frame{Raster: s.raster, Number: number, Planes: s.raster.Planes(s.raster.Slot(s.memory, int(slot))), Memory: s, Slot: slot}
}

// Frame is a decoded picture, planar 4:2:0, of the size that its decoder was started with.
type Frame struct {
	decoding.Raster
	Number int64 // of the sample that it was made of
	Planes [3][]byte
	Memory Memory // the owner of the slot
	Slot   byte   // number of the slot in Memory
}

// Memory owns the memory of a decoder's pictures.
type Memory interface {
	// Release takes back the slot of a picture that is no longer used.
	Release(slot byte)
}

// Release gives the picture's memory back to the decoder. The picture must not be used any more.
func (f *Frame) Release() { f.Memory.Release(f.Slot) }

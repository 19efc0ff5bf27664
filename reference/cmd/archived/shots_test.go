package main

import (
	"crypto/sha256"
	"slices"
	"sync"
	"testing"
	"time"

	"reelcheck/fixtures"
	"reelcheck/reference/internal/mux/matroska"
)

// shot is a frame of the published video in a file of an individual archive.
type shot struct {
	number int // goes on where the fixture begins again, as for publishers
	at     time.Duration
}

// frameHashes returns the numbers of the published frames by the hash of their bytes.
var frameHashes = sync.OnceValues(func() (map[[32]byte]int, error) {
	manifest, err := fixtures.Load()
	if err != nil {
		return nil, err
	}
	v, err := manifest.Video(video)
	if err != nil {
		return nil, err
	}
	frames, err := v.Frames()
	numbers := map[[32]byte]int{}
	for i, f := range frames {
		numbers[sha256.Sum256(f.Data)] = i
	}
	return numbers, err
})

// shotsOf returns the published frames in the video of a file. Each must be there bit for bit, and the first must be a key frame.
func shotsOf(t *testing.T, blocks []matroska.Block) (shots []shot) {
	t.Helper()
	numbers, err := frameHashes()
	must(t, err)
	for _, b := range blocks {
		if !b.Track.Codec.Video() {
			continue
		}
		n, known := numbers[sha256.Sum256(b.Data)]
		if !known {
			t.Fatalf("the frame at %v was never published", b.Time)
		}
		if len(shots) == 0 && !b.Key {
			t.Errorf("the first frame is no key frame")
		}
		for len(shots) > 0 && n < shots[len(shots)-1].number-len(numbers)/2 {
			n += len(numbers)
		}
		shots = append(shots, shot{n, b.Time})
	}
	return shots
}

// expectSequence checks that the frames are consecutive, at the rate at which they were sent.
func expectSequence(t *testing.T, shots []shot) {
	t.Helper()
	for i, s := range shots[min(1, len(shots)):] {
		before := shots[i]
		if s.number != before.number+1 {
			t.Errorf("frame %d follows frame %d", s.number, before.number)
		}
		if (s.at - before.at - frames(s.number-before.number)).Abs() > 20*time.Millisecond {
			t.Errorf("frame %d at %v follows frame %d at %v", s.number, s.at, before.number, before.at)
		}
	}
}

// expectSpan checks that the frames are those published in s. The last part, of length lost, may be missing.
func expectSpan(t *testing.T, shots []shot, s span, lost time.Duration) {
	t.Helper()
	if len(shots) == 0 {
		t.Errorf("there is no frame of %v", s)
		return
	}
	first, last := shots[0].number, shots[len(shots)-1].number
	if frames(first-s.from.late) > keyEvery+edge || frames(s.from.early-first) > edge {
		t.Errorf("the first frame is %d, recording began at %v", first, s.from)
	}
	if frames(s.to.early-last) > lost+edge || frames(last-s.to.late) > edge {
		t.Errorf("the last frame is %d, recording ended at %v; %v may be lost", last, s.to, lost)
	}
}

// soundOf returns the number of Opus packets and the times of the first and the last.
func soundOf(blocks []matroska.Block) (count int, from, to time.Duration) {
	blocks = slices.DeleteFunc(slices.Clone(blocks), func(b matroska.Block) bool { return b.Track.Codec.Video() })
	if len(blocks) == 0 {
		return 0, 0, 0
	}
	return len(blocks), blocks[0].Time, blocks[len(blocks)-1].Time
}

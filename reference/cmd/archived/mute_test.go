package main

import (
	"slices"
	"testing"
)

// TestVideoMute stops sending video for a while. The last picture must not stay, and only pictures that are sent afterwards may follow.
func TestVideoMute(t *testing.T) {
	t.Parallel()
	p, c, session, publisher := onAir(t, nil)
	a := c.startArchive(session)
	pass := func(length float64) { publisher.AwaitSent(publisher.Sent() + seconds(length)) }
	pass(1.5)
	publisher.Mute(true)
	pass(4)
	publisher.Mute(false)
	pass(2.5)
	c.stopArchive(a.ID)
	done := c.awaitStatus(a.ID, "available")
	publisher.Stop()

	const width, height, rate = 16, 12, 25
	var runs []int // lengths of runs: pictures with a mark, then black ones, and so on
	lit := true
	for picture := range slices.Chunk(decode(t, save(t, download(t, done.URL)), "scale=16:12:flags=area", "gray"), width*height) {
		if now := slices.Max(picture) > 24; len(runs) == 0 && !now {
			continue // before the first key frame
		} else if len(runs) == 0 || now != lit {
			lit, runs = now, append(runs, 0)
		}
		runs[len(runs)-1]++
	}
	// The fixture has a key frame each second, and the publisher does not react to requests.
	if len(runs) != 3 || runs[0] > 5*rate || runs[1] < rate || runs[1] > 4*rate || runs[2] < rate {
		t.Errorf("pictures with and without the stream, in turn: %v", runs)
	}
	p.terminate()
}
